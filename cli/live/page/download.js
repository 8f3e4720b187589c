// A saved session, handed to the person as a file.

export function download(bytes) {
  const link = document.createElement("a"), now = new Date();
  const stamp = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 16).replace(/[T:]/g, "-");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/zip" }));
  link.download = `posegloss-${stamp}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
