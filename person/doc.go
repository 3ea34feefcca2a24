// Package person holds the types in which private text travels: the name of
// somebody in a case, and private words such as an address, what she told, or
// the word by which she says that she is safe.
//
// Like number.Number they mask themselves in every text form: fmt, slog and
// JSON show that there is something, and nothing of it. The plain text leaves
// through Show, for somebody who is authorised, and through Seal, for storage;
// a reader who wants to know where a name can escape searches for those words.
//
// A sealed text is bound to its purpose: a sealed duress word cannot be passed
// off as a code word, nor anything as a number. It is padded, so that its
// length tells at most in which of a few sizes the text lies.
package person
