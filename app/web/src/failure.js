/** A failure of the page with a word for programs. */
export class Failure extends Error {
  constructor(code, reason = "") {
    super(reason);
    this.code = code;
  }
}
