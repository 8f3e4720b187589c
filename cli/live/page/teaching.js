// "Add my own signs": takes of a new sign, as the server saw them, and the model that learns them.

import { drawStill } from "./drawing.js";
import { element, find } from "./view.js";

const ENOUGH = 3;

export class Teaching {
  #send;
  #recording = null;
  #takes = [];

  // send(command): to the server.
  constructor(send) {
    this.#send = send;
    find("teaching").addEventListener("submit", event => {
      event.preventDefault();
      this.toggle();
    });
    find("new-gloss").addEventListener("input", () => this.#show());
    find("learn").addEventListener("click", () => this.learn());
    this.#show();
  }

  toggle() {
    const gloss = find("new-gloss").value.replace(/\s+/g, " ").trim();
    if (this.#recording) this.#send({ type: "stop" });
    else if (gloss) this.#send({ type: "record", gloss });
    else find("new-gloss").focus();
  }

  learn() {
    if (!this.#takes.length || find("learn").disabled) return;
    this.#mayLearn(false);
    find("learned").hidden = true;
    this.#send({ type: "learn" });
  }

  // Another session knows nothing of the takes of the last.
  reset() {
    this.#mayLearn(true);
    this.heard({ gloss: null, takes: [] }, null);
  }

  heard({ gloss, takes }, layout) {
    this.#recording = gloss;
    this.#takes = takes;
    find("takes").replaceChildren(...takes.map(take => this.#card(take, layout)));
    this.#show();
  }

  learned({ path, glosses }) {
    this.#tell(`Learned: the model now knows ${glosses.length} glosses, and this page uses it. It lies at ${path}`);
  }

  failed(reason) {
    this.#tell(`The model did not learn: ${reason}`);
  }

  #tell(text) {
    find("learned").hidden = false;
    find("learned").textContent = text;
    this.#mayLearn(true);
  }

  #mayLearn(may) {
    find("learn").disabled = !may;
    find("learn").textContent = may ? "Learn" : "Learning …";
  }

  #card(take, layout) {
    const card = element("li"), canvas = element("canvas"), remove = element("button", "Remove");
    Object.assign(canvas, { width: 192, height: 144 });
    canvas.setAttribute("aria-hidden", "true");
    if (layout) drawStill(canvas, take.still, layout, take.aspect);
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove this take of ${take.gloss}`);
    remove.addEventListener("click", () => this.#send({ type: "remove", take: take.take }));
    card.append(canvas, element("div", `${take.gloss}, ${take.duration_s.toFixed(1)}\u00a0s`), remove);
    return card;
  }

  #show() {
    const record = find("record"), counts = new Map();
    for (const { gloss } of this.#takes) counts.set(gloss, (counts.get(gloss) ?? 0) + 1);
    record.textContent = this.#recording ? "Stop recording" : "Record takes";
    record.classList.toggle("recording", this.#recording !== null);
    find("new-gloss").readOnly = this.#recording !== null;
    find("learn").hidden = !this.#takes.length;
    const few = [...counts].filter(([, count]) => count < ENOUGH).map(([gloss]) => gloss);
    const now = counts.get(this.#recording) ?? 0;
    find("teaching-told").textContent = this.#recording
      ? `Recording ${this.#recording}: sign it, and rest your hands after each time. ${now} of ${ENOUGH} takes.`
      : !this.#takes.length ? "Name a sign, record it three times with a rest after each, then let the model learn it."
      : few.length ? `Three takes of each are better: ${few.join(", ")} has fewer.` : "Enough takes: let the model learn them.";
  }
}
