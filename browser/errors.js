// Errors that are shown to a visitor. Every message says what is wrong and what to do.

export class DigitError extends Error {
  get name() {
    return this.constructor.name;
  }
}
export class UndecodableImage extends DigitError {} // the file is not a picture that can be read
export class PictureTooLarge extends UndecodableImage {} // it is one, of too many pixels
export class NoInk extends DigitError {} // nothing in the picture looks like a stroke
export class BadLink extends DigitError {} // a link to a drawing is cut or mistyped
export class BadModel extends DigitError {} // the network's files are damaged or could not be had

const KINDS = { UndecodableImage, PictureTooLarge, NoInk, BadLink, BadModel };

// Restore the class of an error, which is lost when a worker posts it.
export const errorOf = ({ name, message }) => new (KINDS[name] ?? Error)(message);
