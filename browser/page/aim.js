// What of the camera's video lies inside the frame to aim with.

// video, aim: elements. Returns {left, top, width, height} in pixels of the video. The video covers its
// element, and is cut off equally on both sides where it is wider or higher.
export function insideFrame(video, aim) {
  const [whole, frame] = [video, aim].map((part) => part.getBoundingClientRect());
  const { videoWidth, videoHeight } = video;
  const scale = Math.max(whole.width / videoWidth, whole.height / videoHeight);
  return {
    left: (frame.left - whole.left - (whole.width - scale * videoWidth) / 2) / scale,
    top: (frame.top - whole.top - (whole.height - scale * videoHeight) / 2) / scale,
    width: frame.width / scale,
    height: frame.height / scale,
  };
}
