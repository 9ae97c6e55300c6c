// The WebSocket of a telephone or line: what it sounds and shows, what it is to do; it comes back by itself when it breaks.

const BACK_OFF = [300, 1000, 2000, 4000];

export class Connection {
  /** `on` has any of: sound(Int16Array), scope(picture), state(state), mark(mark), speaker(is, why), told(answer), connected(is, why). */
  constructor(number, wish, on) {
    this.number = number;
    this.wish = { ...wish };
    this.on = on;
    this.page = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
    this.tries = 0;
    this.ended = false;
    this.open();
  }

  open() {
    const wishes = new URLSearchParams({ ...this.wish, page: this.page });
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/phones/${encodeURIComponent(this.number)}/sound?${wishes}`);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onopen = () => {
      this.tries = 0;
      this.on.connected?.(true, '');
    };
    socket.onmessage = ({ data }) => (typeof data === 'string' ? this.text(JSON.parse(data)) : this.binary(data));
    socket.onclose = ({ reason }) => {
      if (this.socket !== socket) return;
      this.on.connected?.(false, reason);
      if (this.ended) return;
      const wait = BACK_OFF[Math.min(this.tries, BACK_OFF.length - 1)];
      this.tries += 1;
      this.timer = setTimeout(() => this.open(), wait);
    };
  }

  text(message) {
    if (message.state) this.on.state?.(message.state);
    else if (message.mark) this.on.mark?.(message.mark);
    else if (message.speaker !== undefined) this.on.speaker?.(message.speaker, message.why ?? '');
    else this.on.told?.(message);
  }

  binary(data) {
    const view = new DataView(data);
    if (view.getUint8(0) === 1) {
      this.on.sound?.(new Int16Array(data, 8, 80));
      return;
    }
    this.on.scope?.({
      at: view.getUint32(4, true) * 10,
      volts: new Float32Array(data, 8, 10),
      milliamps: new Float32Array(data, 48, 10),
      toLine: new Int16Array(data, 88, 80),
      fromLine: new Int16Array(data, 248, 80),
    });
  }

  send(message) {
    if (this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(message instanceof Int16Array ? message.buffer : JSON.stringify(message));
    return true;
  }

  act(act) {
    return this.send({ act });
  }

  /** A wish that holds for later connections too. */
  want(name, value) {
    this.wish[name] = value;
    this.send({ [name]: value });
  }

  /** For tests: the connection breaks. */
  break() {
    this.socket.close();
  }

  end() {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}
