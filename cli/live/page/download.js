// A saved session, which comes in pieces, and is handed to the person as a file when it is whole.

let pieces = [], missing = 0;

// size: the bytes of all pieces together. What came of another one before is forgotten.
export function expectArchive(size) {
  pieces = [];
  missing = size;
}

export function takePiece(bytes) {
  pieces.push(bytes);
  missing -= bytes.length;
  if (missing) return;
  download(pieces);
  expectArchive(0);
}

function download(pieces) {
  const link = document.createElement("a"), now = new Date();
  const stamp = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 16).replace(/[T:]/g, "-");
  link.href = URL.createObjectURL(new Blob(pieces, { type: "application/zip" }));
  link.download = `posegloss-${stamp}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
