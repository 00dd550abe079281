"""Ultralytics is imported by one thread at a time."""

import threading

from panda_agent.perception.ultralytics_home import settled_ultralytics


def test_a_second_thread_waits_until_the_first_has_imported(tmp_path):
    inside = threading.Event()

    def enter():
        with settled_ultralytics(tmp_path):
            inside.set()

    other = threading.Thread(target=enter)
    with settled_ultralytics(tmp_path):
        other.start()
        assert not inside.wait(0.2)
    other.join(5)
    assert inside.is_set()


def test_a_thread_that_loads_weights_may_import_more(tmp_path):
    with settled_ultralytics(tmp_path), settled_ultralytics(tmp_path):
        assert tmp_path.is_dir()
