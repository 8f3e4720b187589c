// The browser's camera: its pictures as JPEGs with the time at which each was taken.

const LARGEST = { width: 640, height: 480 }, QUALITY = 0.8;

const TOLD = {
  NotAllowedError: "The camera was not allowed. Allow it for this page (the camera sign in the address bar), then try again.",
  NotFoundError: "There is no camera. Plug one in, then try again.",
  NotReadableError: "The camera gives no picture; another program may be using it. Close that, then try again.",
  OverconstrainedError: "That camera is not there any more. Choose another one.",
};

export class CameraError extends Error {}

export class Camera {
  #video;
  #lost;
  #canvas = document.createElement("canvas");
  #stream = null;

  // lost(): the camera was unplugged or taken away.
  constructor(video, lost) {
    this.#video = video;
    this.#lost = lost;
  }

  get on() {
    return this.#stream !== null;
  }

  get id() {
    return this.#stream?.getVideoTracks()[0]?.getSettings().deviceId ?? "";
  }

  async start(id) {
    this.stop();
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new CameraError("This browser gives its camera only to pages of this machine (127.0.0.1) or over https.");
    }
    const wanted = { width: { ideal: LARGEST.width }, height: { ideal: LARGEST.height }, frameRate: { ideal: 30 } };
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: id ? { ...wanted, deviceId: { exact: id } } : { ...wanted, facingMode: "user" },
      });
    } catch (error) {
      throw new CameraError(TOLD[error.name] ?? `The camera cannot be used: ${error.message}`);
    }
    const stream = this.#stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => {
      if (stream === this.#stream) {
        this.stop();
        this.#lost();
      }
    });
    this.#video.srcObject = stream;
    await this.#video.play().catch(() => {});
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
  }

  async list() {
    const devices = await navigator.mediaDevices?.enumerateDevices?.() ?? [];
    return devices.filter(device => device.kind === "videoinput")
      .map((device, i) => ({ id: device.deviceId, name: device.label || `camera ${i + 1}` }));
  }

  // Calls shot(taken) for each new picture, taken being when, in milliseconds of performance.now().
  everyFrame(shot) {
    const video = this.#video;
    if (video.requestVideoFrameCallback) {
      const next = (now, about) => {
        shot(about.captureTime ?? now);
        video.requestVideoFrameCallback(next);
      };
      video.requestVideoFrameCallback(next);
      return;
    }
    let shown = -1;
    const look = now => {
      if (video.currentTime !== shown) {
        shown = video.currentTime;
        shot(now);
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }

  // The picture of now as a JPEG; null while there is none.
  async jpeg() {
    const { videoWidth, videoHeight } = this.#video;
    if (!this.on || !videoWidth) return null;
    const upright = videoHeight > videoWidth;
    const [wide, high] = upright ? [LARGEST.height, LARGEST.width] : [LARGEST.width, LARGEST.height];
    const scale = Math.min(1, wide / videoWidth, high / videoHeight), canvas = this.#canvas;
    const width = Math.round(videoWidth * scale), height = Math.round(videoHeight * scale);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("2d", { alpha: false }).drawImage(this.#video, 0, 0, width, height);
    return new Promise(done => canvas.toBlob(done, "image/jpeg", QUALITY));
  }
}
