// The camera, with a frame that says where the face belongs. The photo stays in memory, and every way out turns the camera off.

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 960 } };
const JPEG_QUALITY = 0.92;
// Names of the browser's errors to the page's words.
const PROBLEMS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
};

export class Camera {
  #dialog;
  #video;
  #take;
  #turn;
  #status;
  #onPhoto;
  #stream = null;
  #facing = "environment"; // the camera that looks at the other person, where there is one
  #start = 0;

  constructor(dialog, onPhoto) {
    this.#dialog = dialog;
    this.#video = dialog.querySelector("video");
    this.#status = dialog.querySelector("[role=status]");
    this.#take = dialog.querySelector("[data-do=take]");
    this.#turn = dialog.querySelector("[data-do=turn]");
    this.#onPhoto = onPhoto;
    this.#take.addEventListener("click", () => this.#capture());
    this.#turn.addEventListener("click", () => {
      this.#facing = this.#facing === "user" ? "environment" : "user";
      this.#begin();
    });
    dialog.querySelector("[data-do=close]").addEventListener("click", () => this.close());
    dialog.addEventListener("close", () => this.#stop());
    // A page that is out of sight must not film.
    window.addEventListener("pagehide", () => this.close());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.close();
    });
  }

  open() {
    this.#dialog.showModal();
    this.#begin();
  }

  close() {
    this.#stop();
    this.#dialog.close();
  }

  async #begin() {
    this.#stop();
    const start = this.#start;
    this.#say("starting");
    try {
      if (!navigator.mediaDevices) return this.#say("unsupported");
      const stream = await navigator.mediaDevices.getUserMedia({ video: { ...VIDEO, facingMode: this.#facing } });
      if (start !== this.#start) return end(stream); // closed while the person was asked
      this.#stream = stream;
      const [track] = stream.getVideoTracks();
      track.addEventListener("ended", () => this.#fail("busy"));
      // People know themselves mirrored; the photo itself is not.
      this.#video.classList.toggle("mirrored", track.getSettings().facingMode !== "environment");
      this.#video.srcObject = stream;
      await this.#video.play();
      const devices = await navigator.mediaDevices.enumerateDevices();
      if (start !== this.#start) return;
      this.#turn.hidden = devices.filter((device) => device.kind === "videoinput").length < 2;
      this.#take.disabled = false;
      this.#say("ready");
    } catch (error) {
      if (start === this.#start) this.#fail(PROBLEMS[error.name] ?? "busy");
    }
  }

  async #capture() {
    const canvas = document.createElement("canvas");
    canvas.width = this.#video.videoWidth;
    canvas.height = this.#video.videoHeight;
    canvas.getContext("2d").drawImage(this.#video, 0, 0);
    const photo = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY); });
    canvas.width = canvas.height = 0; // gives its memory back at once
    if (!photo) return this.#fail("busy");
    this.close();
    this.#onPhoto(new File([photo], "photo.jpg", { type: photo.type }));
  }

  #fail(problem) {
    this.#stop();
    this.#say(problem);
  }

  #stop() {
    this.#start += 1;
    this.#take.disabled = true;
    if (this.#stream) end(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
  }

  #say(word) {
    this.#status.textContent = this.#dialog.dataset[word];
    this.#dialog.dataset.state = word;
  }
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}
