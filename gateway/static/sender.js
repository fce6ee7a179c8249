// Sends the photo, and what a person says to its answer, and shows what comes back in place. The answer to another photo goes
// first: at no moment does the page show one photo's answer while it works on another's.

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
      this.#sendPhoto();
    });
    this.#outcome.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#sendReply(event.target);
    });
  }

  async #sendPhoto() {
    const photo = this.#choice.photo;
    if (!photo || this.#button.disabled) return;
    const body = new FormData(this.#form);
    // The file's own name stays here: it may name a person.
    body.set("photo", photo, "photo");
    this.#caseLabel.take();
    this.#setBusy(true);
    this.#forgetOutcome();
    try {
      this.#show(await ask(this.#form, body));
      this.#showOwnPhoto(this.#choice.takeUrl());
      this.#emptyForm();
      this.#goTo(this.#form);
    } catch {
      this.#choice.say(this.#form.dataset.offline);
    } finally {
      this.#setBusy(false);
    }
  }

  // A form within the outcome, such as a review: it is about the same photo, so the answer stays until the next one is there.
  async #sendReply(reply) {
    const button = reply.querySelector("[type=submit]");
    if (button.disabled) return;
    const body = new URLSearchParams(new FormData(reply));
    button.disabled = true;
    try {
      this.#show(await ask(reply, body));
      this.#goTo(reply);
    } catch {
      const message = reply.querySelector(".message") ?? reply.appendChild(document.createElement("p"));
      message.className = "message";
      message.setAttribute("role", "alert");
      message.textContent = this.#form.dataset.offline;
      button.disabled = false;
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
    this.#caseLabel.putInto(this.#outcome);
    // An answer carries what the page says about the model, so that is not said twice.
    if (this.#about) this.#about.hidden = this.#holdsAnswer();
    document.dispatchEvent(new CustomEvent("outcome"));
  }

  #holdsAnswer() {
    return Boolean(this.#outcome.querySelector(".result"));
  }

  #emptyForm() {
    this.#choice.lock(false);
    this.#form.reset();
    this.#choice.clear();
    if (this.#outcome.querySelector(".refusal")) this.#caseLabel.restore();
    this.#form.querySelector("h2").textContent = this.#form.dataset.another;
  }

  // Where the form would have led: to the heading of that part of the page.
  #goTo(form) {
    const part = document.querySelector(new URL(form.action).hash || "#outcome") ?? this.#outcome;
    const heading = part.querySelector("h2, h3");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
    part.scrollIntoView({ block: "start" });
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

async function ask(form, body) {
  const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
