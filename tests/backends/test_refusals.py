"""Refusals in prose, and observations in the same words: neither may pass for the other."""

from __future__ import annotations

import asyncio
import json

import pytest

from panda_agent.backends import FakeServer, OpenAIBackend, Script
from panda_agent.backends.protocol import Ask
from panda_agent.backends.refusals import is_refusal
from panda_agent.errors import Refused
from panda_agent.settings import ModelSettings

REFUSALS = [
    "I'm sorry, but I am unable to assist with analyzing images of potential crimes.",
    "I cannot assist you with this request.",
    "Sorry, but I can’t provide assistance with that.",
    "I'm afraid I can't help with describing acts of violence.",
    "I can't comply with that.",
    "I cannot and will not describe this content.",
    "I am programmed to be a safe and helpful AI assistant. I cannot describe images of violence.",
    "I'm just an AI, I can't satisfy your request, as it violates my guidelines.",
    "It is against my programming to describe violent acts.",
    "Apologies, but I can't help you with that.",
    "I'm unable to provide a description for violent imagery.",
    "I won't be able to help with that.",
    "For safety reasons, I can't describe this footage.",
    "I must respectfully decline to analyze this footage.",
    "Your request was rejected as it may violate our usage policies.",
    "I can't engage in discussions about violent incidents.",
    "I'm not going to describe that.",
    "This content may violate our usage policies.",
    "I do not feel comfortable describing this image.",
    "I don't feel comfortable providing details about a violent attack.",
    "Sorry, I cannot process images that contain sensitive content.",
    "I'm sorry, but the content of these images is too disturbing for me to describe.",
    "Sorry, I'm not able to discuss this topic.",
    "I'm sorry, but I'm not able to provide information on this.",
    "I cannot assist in monitoring or surveillance.",
    "I cannot help with identifying criminals.",
    "We can't process this request because it was flagged.",
    "I apologize, but describing this would be inappropriate.",
    "I'm sorry, I can't do that.",
    "I am unable to generate a response to this.",
    "As an AI developed to be harmless, I will not analyze this content.",
    "I'm not permitted to describe real people.",
    "My safety policies prevent me from answering.",
    "I'm sorry, but I can't assist with that request.",
    "I'm sorry, I can't assist with that.",
    "Sorry, I can't help with that.",
    "I’m sorry, but I can’t help with identifying people in images.",
    "I'm unable to help with that.",
    "I am not able to assist with this request.",
    "I cannot describe violent or graphic content.",
    "I can't provide a description of this image, as it appears to depict violence.",
    "I'm not comfortable describing this scene.",
    "I won't describe this content, since it shows someone being seriously hurt.",
    "I apologize, but I cannot fulfill this request as it involves graphic violence.",
    "I apologize, but I am unable to process this request.",
    "I must decline to describe these images.",
    "I have to decline this one.",
    "I need to decline this request.",
    "Unfortunately, I cannot comply with this request.",
    "As an AI language model, I cannot assist with content that depicts violence.",
    "As a responsible assistant, I can't engage with this kind of material.",
    "I understand that this is for security, but I can't analyze footage of real people for suspicious behavior.",
    "Thank you for sharing these images. However, I'm not able to help with analyzing them for criminal activity.",
    "This request goes against my safety guidelines.",
    "My guidelines do not allow me to describe scenes of abuse.",
    "That's not something I'm able to help with.",
    "That is not something I can assist with.",
    "It violates our content policy to describe such material.",
    "Describing this video would violate my usage policies.",
    "I'm sorry, but I cannot continue with this conversation.",
    "I can't discuss that.",
    "We are unable to process your request.",
    "I cannot provide assistance with surveillance of individuals.",
    "I will not participate in monitoring people.",
    "I'm really sorry that you're dealing with this, but I can't help with analyzing violent footage.",
    "Sorry, but I can't identify or describe real people in these pictures.",
    "I'd prefer not to describe this footage.",
    "I can't assist with that.\n\nIf you or somebody you know is in danger, please call your local emergency number. "
    "You can also reach a crisis line at any hour of the day, where trained people will listen to you and tell you "
    "what to do next. If you would like, I can help with other questions, such as how to improve the lighting of a "
    "camera, how long footage should be kept, or how to write a report about an incident for the police or insurers.",
    json.dumps({"description": "I'm sorry, but I can't assist with that request.", "people": [], "quality": "good"}),
    json.dumps({"reason": "I cannot describe violent content.", "letters": [], "answer": "unclear"}),
    '```json\n{"description": "I can\'t help with that.", "people": []}\n```',
]
OBSERVATIONS = [
    "I cannot tell what the man is carrying.",
    "I can't say whether the fight is real.",
    "I'm not sure what happens in picture D.",
    "There is nobody in the hall. I can't find any bags.",
    "I cannot confirm a theft; the hands are out of view.",
    "We can't see the end of the fight.",
    "The text on the wall says: this request violates our content policy.",
    "A cashier says sorry and closes the counter.",
    "I am unable to see any smoke or fire.",
    "I'm sorry, I see no people in these pictures.",
    "Unfortunately, the camera was covered, so I cannot describe what happens after picture C.",
    "The man is not comfortable and moves away from the group.",
    "I cannot discern a clear action in this sequence.",
    "I'd say the man is not going to fall.",
    "A person in need of help is lying on the floor and nobody assists.",
    "I won't rule out a fight, but I see none.",
    "However, I can't describe the car's plate, since it is too small.",
    "It is not something I can see in the pictures.",
    "I cannot provide an exact count of the people.",
    "The driver violates the traffic rules by turning left.",
    "But I can't analyze the faces from this distance.",
    "I can't continue to track the man after he leaves the frame.",
    "I can't do a precise count.",
    "The sign reads Sorry, we can't help you.",
    "I cannot describe the man's clothes: he is out of view in B to D.",
    "Nobody helps, and I am unable to see why.",
    "I can't give the exact time.",
    "I'm sorry to say that a man is hit by a car in picture C.",
    "For safety reasons the gate is closed and people can't continue.",
    "As a result, the man can't proceed with his bicycle.",
    "Given the fog, I can't see the cars.",
    "Unfortunately a woman falls and can't continue with her walk.",
    "It violates the traffic rules.",
    "The guard can't assist.",
    "I can't see any people in these pictures.",
    "I cannot make out what the man holds.",
    "I'm unable to determine whether the two men fight or greet each other.",
    "I can't help but notice that the man in the red jacket runs.",
    "I cannot answer with certainty whether the door is open.",
    "I'm sorry, the pictures are too dark to tell.",
    "I cannot analyze this image because it is completely black.",
    "I can't describe this image in detail, as it is too blurred.",
    "I cannot provide further details, because the resolution is low.",
    "I am not able to read the sign in picture B.",
    "Unfortunately, I cannot identify any unusual event.",
    "I'm sorry, but I cannot identify any anomalies in these pictures.",
    "The man refuses to help the woman who fell.",
    "A sign says: I cannot assist you.",
    "A sign says: I cannot assist with this request.",
    "A screen in the hall reads \"I'm sorry, but I can't assist with that request.\"",
    "On the poster is written: “We cannot help with that request”.",
    'The guard tells him "I can\'t help you with that" and turns away.',
    "He shouts that he will not comply with this request.",
    "The clerk declines to serve the customer, who then hits the desk.",
    "A woman asks for assistance, but nobody is able to help her.",
    "Two guards are unable to assist the man on the ground.",
    "The people violate the rules of the station by crossing the tracks.",
    "A notice says that bicycles are against the policy of the mall.",
    "Unable to tell: the camera is covered.",
    "No one helps. The man on the ground can't continue.",
    "People continue to walk past; I can't tell whether they see the fire.",
    "We cannot see the content of the bag.",
    "I can describe a yard with three people. I cannot describe their faces, as they are too small.",
    "I see a man who is not able to help himself.",
    "The scene is violent: one man hits another, and I cannot say who began.",
    "A police officer declines the request of the driver.",
    json.dumps({"description": "A man tells a woman: I can't assist with that request.", "people": []}),
    json.dumps({"description": "A guard cannot help the man who fell.", "visible_text": ["I can't help with that."]}),
    json.dumps({"reason": "I cannot tell from these pictures whether they fight.", "letters": [], "answer": "unclear"}),
    json.dumps({"description": "I can't help but notice smoke.", "people": []}),
    json.dumps({"description": "I can't help with that.", "people": [{"doing": "running", "letters": ["A"]}]}),
    "```json\n" + json.dumps({"description": "The man refuses to help.", "people": []}) + "\n```",
    'Sorry, I was wrong before. {"reason": "They fight.", "letters": ["A"], "answer": "yes"}',
    "",
    "null",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_one(text):
    assert is_refusal(text)


@pytest.mark.parametrize("text", OBSERVATIONS)
def test_an_observation_is_none(text):
    assert not is_refusal(text)


@pytest.mark.parametrize("words", ["I ", "sorry ", "I can't ", '"', "I am sorry, but ", "{", '{"a":[1,],'])
def test_a_long_text_of_next_to_nothing_is_none(words):
    assert not is_refusal(words * (200_000 // len(words)))


def test_what_was_declined_is_told_in_one_line_without_tricks():
    rule = {"text": "I'm sorry,\n\u202ebut I can't\x07 assist with that request."}

    async def ask():
        backend = OpenAIBackend(ModelSettings(base_url=server.base_url, name="scripted"))
        try:
            return await backend.complete(Ask(purpose="x", system="", text="What is there?"))
        finally:
            await backend.close()

    with FakeServer(Script.model_validate({"rules": [rule]})) as server, pytest.raises(Refused) as caught:
        asyncio.run(ask())
    assert caught.value.message == "The model declined to answer: \"I'm sorry, but I can't assist with that request.\"."
    assert len(server.asked) == 1
