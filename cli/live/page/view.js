// What the page says. All text goes in as text, never as markup: glosses are other people's.

export const find = id => document.getElementById(id);

// Near certainty a tenth of a per cent tells what is above a threshold from what is below it.
export const percent = part => `${part > .95 && part < .9995 ? (100 * part).toFixed(1) : Math.round(100 * part)} %`;

export function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// state: none, guess, sure or unsure.
export function showGloss(state, word, sureness = "") {
  const gloss = find("gloss");
  gloss.dataset.state = state;
  // Guesses change many times a second: a screen reader hears what a sign was, not what it may be.
  find("word").setAttribute("aria-live", state === "guess" ? "off" : "polite");
  setText(find("word"), word);
  setText(find("sureness"), sureness);
}

export function showRanking(ranking) {
  const list = find("ranking");
  ranking.forEach(([gloss, part], i) => {
    let row = list.children[i];
    if (!row?.querySelector(".bar")) {
      const made = element("li");
      made.append(element("span"), element("span", "", "share"), element("div", "", "bar"));
      row ? row.replaceWith(made) : list.append(made);
      row = made;
    }
    setText(row.children[0], gloss);
    setText(row.children[1], percent(part));
    row.children[2].style.setProperty("--part", part);
  });
  while (list.children.length > Math.max(ranking.length, 1)) list.lastChild.remove();
}

export function showSign(sign) {
  const list = find("history"), row = element("li", undefined, sign.sure ? "" : "unsure");
  if (list.querySelector(":scope > .soft")) list.replaceChildren();
  const minutes = Math.floor(sign.start_s / 60), seconds = (sign.start_s % 60).toFixed(1).padStart(4, "0");
  const what = element("span", undefined, "what");
  if (sign.sure) what.append(element("b", sign.gloss));
  else what.textContent = sign.gloss ? `not sure: ${sign.gloss}?` : "not sure";
  row.append(element("span", `${minutes}:${seconds}`, "when"), what, element("span", percent(sign.confidence), "share"));
  list.prepend(row);
  while (list.children.length > 200) list.lastChild.remove();
}

export function clearHistory() {
  find("history").replaceChildren(element("li", "Nothing yet.", "soft"));
}

export function showFigures(figures) {
  const told = figures ?? {}, ms = value => value === undefined ? "–" : `${value.toFixed(value < 100 ? 1 : 0)} ms`;
  setText(find("fps"), figures ? told.fps.toFixed(1) : "–");
  setText(find("median"), ms(told.median));
  setText(find("late"), ms(told.late));
  setText(find("tracker"), ms(told.tracker));
  setText(find("ratio"), figures ? `${told.ratio.toFixed(2)} ×` : "–");
}

export function showLink(state, text) {
  find("link").dataset.state = state;
  setText(find("link"), text);
}

const troubles = new Map();

// Each kind of trouble is shown until it is told to be over by an empty text; the first kind that there is, first.
export function trouble(kind, text) {
  if ((troubles.get(kind) ?? "") === text) return;
  if (text) troubles.set(kind, text);
  else troubles.delete(kind);
  const [first] = troubles.values();
  find("trouble").hidden = !first;
  setText(find("trouble").firstElementChild, first ?? "");
}

export function note(text) {
  setText(find("note"), text);
}
