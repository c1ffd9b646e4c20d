// @ts-check
/** One WebSocket that comes back by itself, and goes on where it was. */

import { readMessage } from "./frames.js";

const PROTOCOL = "fathom.playground.1";
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

/**
 * @typedef {object} Listener
 * @property {(message: any) => void} text
 * @property {(message: import("./types.js").Message) => void} arrays
 * @property {(state: "connecting" | "open" | "lost", code?: number) => void} changed
 * @property {() => any} start The first message: what to go on with.
 */

export class Connection {
  /**
   * @param {string} address
   * @param {Listener} listener
   */
  constructor(address, listener) {
    this.address = address;
    this.listener = listener;
    this.wait = FIRST_WAIT;
    this.request = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.ready = false;
  }

  open() {
    this.listener.changed("connecting");
    const socket = new WebSocket(this.address, PROTOCOL);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify(this.listener.start()));
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#closed(event.code);
    this.socket = socket;
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    if (typeof data !== "string") return this.listener.arrays(readMessage(data));
    const message = JSON.parse(data);
    if (message.type === "welcome") {
      this.ready = true;
      this.wait = FIRST_WAIT;
      this.listener.changed("open");
    }
    this.listener.text(message);
  }

  /** @param {number} code */
  #closed(code) {
    this.ready = false;
    this.socket = null;
    this.listener.changed("lost", code);
    setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }

  /**
   * Send a message, numbered; what comes back carries the number.
   *
   * @param {{type: string, [member: string]: any}} message
   * @returns {number} 0 when there is no connection.
   */
  send(message) {
    if (!this.ready || !this.socket) return 0;
    this.request += 1;
    this.socket.send(JSON.stringify({ ...message, request: this.request }));
    return this.request;
  }

  /** @param {number} frame A picture that was drawn, so that another may come. */
  acknowledge(frame) {
    if (this.ready) this.socket?.send(JSON.stringify({ type: "ack", frame }));
  }
}
