// What an archived ES module sees instead of the browser's own window, document and location.
// Classic scripts get the same from the lines that pywb puts around them; a module cannot be wrapped.
const wombat = self._wb_wombat;
const seen = (name) => (wombat && wombat.local_init && wombat.local_init(name)) || self[name];

const seenWindow = seen("window");
const seenSelf = seen("self");
const seenDocument = seen("document");
const seenLocation = seen("location");
const seenTop = seen("top");
const seenParent = seen("parent");
const seenFrames = seen("frames");
const seenOpener = seen("opener");

export {
  seenWindow as window,
  seenSelf as self,
  seenSelf as globalThis,
  seenDocument as document,
  seenLocation as location,
  seenTop as top,
  seenParent as parent,
  seenFrames as frames,
  seenOpener as opener,
};
