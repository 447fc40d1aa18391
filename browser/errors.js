// What is reported to a person. Every message says what is wrong and what to do.

export class DigitError extends Error {
  get name() {
    return this.constructor.name;
  }
}
export class UndecodableImage extends DigitError {} // the file is no picture that can be read
export class PictureTooLarge extends UndecodableImage {} // it is one, of too many pixels
export class NoInk extends DigitError {} // nothing in the picture looks like a stroke
export class BadLink extends DigitError {} // a link to a drawing is cut or mistyped
export class BadModel extends DigitError {} // the network's files are damaged or could not be had

const KINDS = { UndecodableImage, PictureTooLarge, NoInk, BadLink, BadModel };

// Errors lose their class on the way out of a worker.
export const errorOf = ({ name, message }) => new (KINDS[name] ?? Error)(message);
