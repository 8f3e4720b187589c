// Figures over the last seconds: frames a second, and how long answers take.

const SECONDS = 5;

export class Timing {
  #answers = [];

  clear() {
    this.#answers = [];
  }

  // latency and tracker in milliseconds.
  add(now, latency, tracker) {
    this.#answers.push({ now, latency, tracker });
    while (this.#answers.length && this.#answers[0].now < now - SECONDS * 1000) this.#answers.shift();
  }

  // null while there is too little to tell.
  get figures() {
    const answers = this.#answers;
    if (answers.length < 3) return null;
    const latencies = answers.map(answer => answer.latency), trackers = answers.map(answer => answer.tracker);
    const median = quantile(latencies, 0.5), tracker = quantile(trackers, 0.5);
    const seconds = (answers.at(-1).now - answers[0].now) / 1000;
    return { fps: (answers.length - 1) / seconds, median, late: quantile(latencies, 0.95), tracker, ratio: median / tracker };
  }
}

function quantile(values, part) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
