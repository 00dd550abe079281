"""The parts of a rendered surveillance scene: camera, place, people, stories, sensor."""
