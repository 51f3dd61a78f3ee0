// Faults that wait for the next calls. At `connection`: `half_open` (accepted, and never a byte), `wrong_certificate`,
// `closed`. At a call (`pay`, `query`, `refund`, `bill`): `error_500` and `hang` before the effect; `lost_reply`,
// `hang_after`, `half_reply`, `garbage` and `slow` (with `milliseconds`) after it.
const KINDS = {
  connection: ['half_open', 'wrong_certificate', 'closed'],
  call: ['error_500', 'hang', 'lost_reply', 'hang_after', 'half_reply', 'garbage', 'slow'],
};

export class Faults {
  #waiting = [];
  #held = new Set();

  add({ at, kind, times = 1, milliseconds = 0 }) {
    const kinds = at === 'connection' ? KINDS.connection : KINDS.call;
    if (!kinds.includes(kind)) throw new Error(`no fault ${kind} at ${at}`);
    for (let n = 0; n < times; n += 1) this.#waiting.push({ at, kind, milliseconds });
  }

  take(at) {
    const place = this.#waiting.findIndex((one) => one.at === at);
    return place < 0 ? undefined : this.#waiting.splice(place, 1)[0];
  }

  // Keeps a connection open, and silent.
  hold(socket) {
    socket.pause();
    socket.on('error', () => {});
    this.#held.add(socket);
  }

  // Faults that have met nothing are returned; connections that are held are closed.
  clear() {
    const left = this.#waiting;
    this.#waiting = [];
    for (const socket of this.#held) socket.destroy();
    this.#held.clear();
    return left;
  }
}
