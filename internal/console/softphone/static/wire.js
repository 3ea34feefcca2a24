// The websocket to Asterisk, as JsSIP wants it.
//
// A socket whose network went away stays open for minutes, in the browser's
// eyes. Asterisk asks each telephone every few seconds whether it is there, so
// a socket on which nothing comes any more is closed here, and opened again.

// An Asterisk that has just begun takes sockets before it answers on them, so the
// first word has a limit too: JsSIP registers at once, and never again by itself
// if nothing comes back.
const connectWithin = 4000; // ms, for the socket and for its first word

export class Wire {
  #socket = null;
  #watch = 0;

  constructor(url, silence) {
    this.url = url;
    this.silence = silence; // ms without a word after which the network is gone
    this.via_transport = new URL(url).protocol === 'wss:' ? 'WSS' : 'WS';
    this.sip_uri = `sip:${new URL(url).host};transport=ws`;
    this.onconnect = this.ondisconnect = this.ondata = () => {};
  }

  connect() {
    if (this.#socket) return;
    const socket = new WebSocket(this.url, 'sip');
    this.#socket = socket;
    this.#expect(socket, connectWithin);
    socket.onopen = () => {
      this.#expect(socket, connectWithin);
      this.onconnect();
    };
    socket.onmessage = (event) => {
      this.#expect(socket, this.silence);
      this.ondata(event.data);
    };
    socket.onclose = (event) => this.#gone(socket, event.code, event.reason);
  }

  disconnect() {
    const socket = this.#socket;
    if (!socket) return;
    this.#forget(socket);
    socket.close();
  }

  // cut drops the socket as a lost network does; JsSIP opens another.
  cut() {
    if (this.#socket) this.#gone(this.#socket, 1006, 'cut');
  }

  send(message) {
    if (!this.isConnected()) return false;
    this.#socket.send(message);
    return true;
  }

  isConnected() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  isConnecting() {
    return this.#socket?.readyState === WebSocket.CONNECTING;
  }

  // expect gives the socket so many milliseconds until its next word.
  #expect(socket, within) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#gone(socket, 1006, 'silent'), within);
  }

  #forget(socket) {
    clearTimeout(this.#watch);
    socket.onopen = socket.onmessage = socket.onclose = null;
    this.#socket = null;
  }

  #gone(socket, code, reason) {
    if (socket !== this.#socket) return;
    this.#forget(socket);
    socket.close();
    this.ondisconnect(true, code, reason);
  }
}
