// The page: what happens to frames, answers, buttons and keys.

import { Camera } from "./camera.js";
import { Connection } from "./connection.js";
import { expectArchive, takePiece } from "./download.js";
import { drawSkeleton } from "./drawing.js";
import { listenToKeys } from "./keys.js";
import { Teaching } from "./teaching.js";
import { Timing } from "./timing.js";
import { clearHistory, find, note, percent, showFigures, showGloss, showLink, showRanking, showSign, trouble } from "./view.js";

const NOBODY = 800, HELD = 2500, RETRY_CAMERA = 2000;

const stage = find("stage"), skeleton = find("skeleton"), picture = find("picture"), video = find("video");
const timing = new Timing();
let layout = null, source = null, model = null, paused = false, sending = false, chosen = null;
let somebody = performance.now(), shown = 0, mirrored = true, wantedCamera = "", over = false;

const connection = new Connection({
  hello: () => ({ type: "hello", model }),
  message: message => HEARD[message.type]?.(message),
  binary: (kind, bytes) => kind === "P" ? showPicture(bytes) : takePiece(bytes),
  closed: ({ reason, seconds }) => {
    showLink("bad", "not connected");
    trouble("server", `${reason || "The server cannot be reached."} Trying again every ${seconds < 1 ? "moment" : `${seconds} seconds`}.`);
    drawSkeleton(skeleton, null);
    showGloss("none", "waiting for the server");
    teaching.reset();
    expectArchive(0);
    timing.clear();
    showFigures(null);
  },
});
const teaching = new Teaching(command => connection.send(command));
const camera = new Camera(video, () => {
  trouble("camera", "The camera was lost. Plug it in again, or choose another one; this page tries by itself, too.");
  drawSkeleton(skeleton, null);
  setTimeout(startCamera, RETRY_CAMERA);
});

const HEARD = {
  welcome(message) {
    ({ layout, source } = message);
    trouble("server", "");
    showLink("good", "connected");
    describe(message);
    if (chosen !== null) connection.send({ type: "threshold", value: chosen });
    const own = source === "browser";
    video.hidden = !own;
    picture.hidden = own;
    find("cameras-label").hidden = !own;
    find("again").hidden = true;
    over = false;
    if (source === "video") mirror(false);
    if (paused) connection.send({ type: "pause" });
    else showGloss("none", "no sign");
    somebody = performance.now();
    if (own && !camera.on) startCamera();
  },
  answer(message) {
    const now = performance.now();
    timing.add(now, message.latency ?? message.server_ms, message.tracker_ms);
    if (paused) return;
    trouble("source", "");
    if (message.keypoints) somebody = now;
    note(now - somebody > NOBODY ? "nobody is in the picture" : "");
    fit();
    drawSkeleton(skeleton, message.keypoints, layout);
    message.events.forEach(happened);
    if (shown && now - shown > HELD) rest();
  },
  events: message => message.events.forEach(happened),
  takes: message => teaching.heard(message, layout),
  learned(message) {
    describe(message);
    teaching.learned(message);
  },
  archive: ({ size }) => expectArchive(size),
  failed(message) {
    if (message.what === "learn") teaching.failed(message.reason);
    else trouble(message.what, message.reason);
  },
  over({ reason }) {
    over = source === "video";
    trouble("source", reason ?? "");
    drawSkeleton(skeleton, null);
    note(reason ? "" : "the video is over");
    find("again").hidden = !over;
    if (over && document.activeElement === document.body) find("again").focus();
  },
};

function happened(event) {
  if (event.kind === "started") {
    showGloss("guess", "…");
    shown = 0;
  } else if (event.kind === "guessed") {
    const [gloss, part] = event.ranking[0];
    showGloss("guess", `${gloss}?`, percent(part));
    showRanking(event.ranking);
  } else if (event.kind === "taken") {
    if (event.reason) showGloss("unsure", `take not recorded: ${event.reason}`);
    else showGloss("sure", "take recorded");
    shown = performance.now();
  } else {
    showGloss(event.sure ? "sure" : "unsure", event.sure ? event.gloss : "not sure", percent(event.confidence));
    showRanking(event.ranking);
    showSign(event);
    shown = performance.now();
  }
}

function rest() {
  shown = 0;
  showGloss("none", paused ? "paused" : "no sign");
}

function describe(message) {
  model = message.model;
  find("model").textContent = `${message.model}, ${message.glosses.length} glosses`;
  find("model").title = message.glosses.join(", ");
  find("synthetic").hidden = !message.synthetic;
  if (chosen === null) showThreshold(message.threshold ?? 0);
}

function showThreshold(value) {
  find("threshold").value = Math.round(100 * value);
  find("threshold-told").textContent = percent(value);
}

function chooseThreshold(value) {
  chosen = Math.min(Math.max(value, 0), 1);
  showThreshold(chosen);
  connection.send({ type: "threshold", value: chosen });
}

async function startCamera(id = wantedCamera) {
  if (source !== "browser" || camera.on) return;
  if (!video.srcObject) note("asking for the camera");
  try {
    await camera.start(id);
  } catch (error) {
    note("");
    trouble("camera", error.message);
    return;
  }
  wantedCamera = id;
  note("");
  trouble("camera", "");
  somebody = performance.now();
  await listCameras();
}

async function listCameras() {
  const cameras = await camera.list();
  find("cameras").replaceChildren(...cameras.map(({ id, name }) => new Option(name, id, false, id === camera.id)));
  find("cameras").disabled = cameras.length < 2;
}

// At most one frame is on its way: the next one that the camera gives after an answer goes out.
camera.everyFrame(async taken => {
  if (paused || sending || source !== "browser" || !layout || !connection.free) return;
  sending = true;
  try {
    const jpeg = await camera.jpeg();
    if (jpeg) await connection.sendFrame(jpeg, taken);
  } finally {
    sending = false;
  }
});

async function showPicture(bytes) {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  if (picture.width !== bitmap.width || picture.height !== bitmap.height) {
    Object.assign(picture, { width: bitmap.width, height: bitmap.height });
  }
  picture.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
  bitmap.close();
}

// The stage has the picture's shape, and the skeleton's canvas the screen's pixels.
function fit() {
  const width = source === "browser" ? video.videoWidth : picture.width;
  const height = source === "browser" ? video.videoHeight : picture.height;
  if (width && height) {
    stage.style.setProperty("--shape", `${width} / ${height}`);
    stage.style.setProperty("--ratio", width / height);
  }
  const dense = Math.min(devicePixelRatio || 1, 2);
  const [wide, high] = [Math.round(stage.clientWidth * dense), Math.round(stage.clientHeight * dense)];
  if (skeleton.width !== wide || skeleton.height !== high) Object.assign(skeleton, { width: wide, height: high });
}

function pause() {
  paused = !paused;
  find("pause").textContent = paused ? "Go on" : "Pause";
  connection.send({ type: paused ? "pause" : "resume" });
  if (source === "browser") paused ? video.pause() : video.play().catch(() => {});
  somebody = performance.now();
  note(paused ? "paused" : "");
  rest();
}

function mirror(on = !mirrored) {
  mirrored = on;
  stage.classList.toggle("mirrored", mirrored);
  find("mirror").setAttribute("aria-pressed", mirrored);
}

function clear() {
  connection.send({ type: "clear" });
  clearHistory();
  showRanking([]);
  rest();
}

function save() {
  trouble("save", "");
  connection.send({ type: "save" });
}

function again() {
  connection.send({ type: "again" });
  over = false;
  find("again").hidden = true;
  note("");
  find("pause").focus();
}

find("pause").addEventListener("click", pause);
find("mirror").addEventListener("click", () => mirror());
find("clear").addEventListener("click", clear);
find("save").addEventListener("click", save);
find("again").addEventListener("click", again);
find("retry").addEventListener("click", () => {
  trouble("save", "");
  connection.open();
  startCamera();
});
find("threshold").addEventListener("input", event => chooseThreshold(event.target.value / 100));
find("cameras").addEventListener("change", event => {
  camera.stop();
  startCamera(event.target.value);
});
navigator.mediaDevices?.addEventListener?.("devicechange", async () => {
  await startCamera();
  await listCameras();
});

const KEYS = {
  " ": pause,
  m: () => mirror(),
  c: clear,
  s: save,
  r: () => teaching.toggle(),
  l: () => teaching.learn(),
  "+": () => chooseThreshold(find("threshold").value / 100 + 0.05),
  "-": () => chooseThreshold(find("threshold").value / 100 - 0.05),
};
listenToKeys(KEYS);

setInterval(() => showFigures(paused ? null : timing.figures), 500);
mirror(true);
connection.open();
