"""From evidence to judgement: the Reasoner protocol and the rules engine behind it."""
