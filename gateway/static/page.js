// What the page can do better with a script: drop, paste, camera, preview, and an answer without leaving the page.
// Every sentence comes from the page itself, so that there is one catalogue. Without these files the plain form works.
import { Camera } from "./camera.js";
import { CaseLabel } from "./case_label.js";
import { offerCopies } from "./copying.js";
import { PhotoChoice } from "./photo_choice.js";
import { Sender } from "./sender.js";

document.documentElement.classList.add("enhances");
offerCopies();

const form = document.getElementById("upload");
if (form) {
  const choice = new PhotoChoice(form);
  new Sender(form, choice, new CaseLabel(form));
  const camera = new Camera(document.getElementById("camera"), (photo) => {
    choice.put(photo);
    form.querySelector("[type=submit]").focus();
  });
  document.getElementById("open-camera").addEventListener("click", () => camera.open());
}
