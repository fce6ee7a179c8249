// Sends the photo and shows the answer in its place. The answer before it goes first: at no moment does the page show
// one photo's answer while it works on another's.

export class Sender {
  #form;
  #choice;
  #caseLabel;
  #button;
  #status;
  #outcome;
  #about;

  constructor(form, choice, caseLabel) {
    this.#form = form;
    this.#choice = choice;
    this.#caseLabel = caseLabel;
    this.#button = form.querySelector("[type=submit]");
    this.#status = document.getElementById("status");
    this.#outcome = document.getElementById("outcome");
    this.#about = document.getElementById("about-model");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  async #send() {
    const photo = this.#choice.photo;
    if (!photo || this.#button.disabled) return;
    const body = new FormData(this.#form);
    // The file's own name stays here: it may name a person.
    body.set("photo", photo, "photo");
    this.#setBusy(true);
    this.#forgetOutcome();
    try {
      const response = await fetch(this.#form.action, { method: "POST", body, headers: { Accept: "text/html" } });
      this.#show(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch {
      this.#choice.say(this.#form.dataset.offline);
    } finally {
      this.#setBusy(false);
    }
  }

  #setBusy(busy) {
    this.#button.disabled = busy;
    this.#choice.lock(busy);
    this.#form.setAttribute("aria-busy", String(busy));
    this.#status.textContent = busy ? this.#form.dataset.working : "";
  }

  #forgetOutcome() {
    for (const image of this.#outcome.querySelectorAll("img[src^='blob:']")) URL.revokeObjectURL(image.src);
    this.#outcome.replaceChildren();
    if (this.#about) this.#about.hidden = false;
  }

  #show(answered) {
    const outcome = answered.getElementById("outcome");
    this.#outcome.replaceChildren(...outcome.childNodes);
    document.title = answered.title;
    this.#showOwnPhoto(this.#choice.takeUrl());
    const isAnswer = Boolean(this.#outcome.querySelector(".result"));
    this.#caseLabel.putInto(this.#outcome, { keep: !isAnswer });
    this.#choice.lock(false);
    this.#choice.clear();
    this.#form.reset();
    this.#caseLabel.restore();
    this.#form.querySelector("h2").textContent = this.#form.dataset.another;
    // An answer carries what the page says about the model, so that is not said twice.
    if (this.#about) this.#about.hidden = isAnswer;
    document.dispatchEvent(new CustomEvent("outcome"));
    document.getElementById("outcome-heading")?.focus({ preventScroll: true });
    this.#outcome.scrollIntoView({ block: "start" });
  }

  // Where the answer holds no picture of its own, such as a refusal, the person's own photo says which one is meant.
  #showOwnPhoto(url) {
    const seen = this.#outcome.querySelector(".seen[hidden]");
    if (!seen || !url) {
      if (url) URL.revokeObjectURL(url);
      return;
    }
    const image = seen.querySelector("img");
    // A photo that the browser cannot show (a damaged one) is left out instead of shown as a broken picture.
    image.addEventListener("load", () => { seen.hidden = false; });
    image.src = url;
  }
}
