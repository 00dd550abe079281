"""What a case remembers, shipped as panda_agent.memory: `case_store`, `index` and `recall`, `chain`, `normality`.

Imports nothing by itself: a case is committed before faiss, numpy or a model is loaded.
"""
