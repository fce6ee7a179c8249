"""What most people write: users of Locust's own that send the next request when the last one is answered, timed from its start."""

from __future__ import annotations

from locust import HttpUser, constant, task


class ClosedLoopUser(HttpUser):
    wait_time = constant(0)

    @task
    def screen(self) -> None:
        self.client.post("/v1/screenings", data=b"face", headers={"Content-Type": "image/jpeg"})
