// The socket: it opens again by itself, and has at most one frame on its way, so that no queue can grow anywhere.

const FIRST_WAIT = 500, LONGEST_WAIT = 8000, LOST_ANSWER = 3000, ALIVE = 10000;
// Closed for a reason that another try at once would not change.
const FULL = 4503;

export class Connection {
  #socket = null;
  #wait = FIRST_WAIT;
  #timer = null;
  #onItsWay = null;
  #number = 0;
  #handlers;

  // handlers: open(), message(object), binary(kind, bytes), closed({reason, seconds}), hello() -> object
  constructor(handlers) {
    this.#handlers = handlers;
    setInterval(() => this.send({ type: "alive" }), ALIVE);
  }

  open() {
    clearTimeout(this.#timer);
    if (this.#socket) return;
    const address = new URL("socket", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = this.#socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.send(this.#handlers.hello());
    socket.onmessage = event => this.#heard(event.data);
    socket.onclose = event => this.#closed(event);
  }

  get ready() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  // Whether the next frame may be sent.
  get free() {
    const lost = this.#onItsWay && performance.now() - this.#onItsWay.sent > LOST_ANSWER;
    return this.ready && (!this.#onItsWay || lost);
  }

  send(command) {
    if (this.ready) this.#socket.send(JSON.stringify(command));
  }

  // jpeg: a Blob; taken: when, in milliseconds of performance.now().
  async sendFrame(jpeg, taken) {
    const bytes = await jpeg.arrayBuffer();
    if (!this.ready) return;
    const message = new Uint8Array(12 + bytes.byteLength), header = new DataView(message.buffer);
    this.#number = (this.#number + 1) >>> 0;
    header.setUint32(0, this.#number, true);
    header.setFloat64(4, taken, true);
    message.set(new Uint8Array(bytes), 12);
    this.#onItsWay = { number: this.#number, sent: performance.now() };
    this.#socket.send(message);
  }

  #heard(data) {
    if (typeof data !== "string") {
      const bytes = new Uint8Array(data);
      this.#handlers.binary(String.fromCharCode(bytes[0]), bytes.subarray(1));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "welcome") this.#wait = FIRST_WAIT;
    if (message.type === "answer" && message.frame === this.#onItsWay?.number) {
      message.latency = performance.now() - this.#onItsWay.sent;
      this.#onItsWay = null;
    }
    this.#handlers.message(message);
  }

  async #closed(event) {
    this.#socket = this.#onItsWay = null;
    let reason = event.reason;
    if (event.code === FULL) this.#wait = LONGEST_WAIT;
    const seconds = this.#wait / 1000;
    this.#timer = setTimeout(() => this.open(), this.#wait * (0.8 + 0.4 * Math.random()));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
    this.#handlers.closed({ reason, seconds });
    // A server that is there, but does not know this address, was started anew with another token.
    const known = await fetch("./", { method: "HEAD" }).then(answer => answer.status !== 403, () => true);
    if (!known && !this.#socket) {
      reason = "The server was started again with another address; open the one that it printed.";
      this.#handlers.closed({ reason, seconds });
    }
  }
}
