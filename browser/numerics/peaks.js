// scipy.signal.find_peaks: the places of a line that are higher than those around them.

// distance: the least number of places between two peaks; lower ones go first. prominence: how far
// one has to go down from a peak before going up to a higher one.
export function findPeaks(line, { distance, prominence = 0 }) {
  const peaks = localMaxima(line);
  return farApart(peaks, line, Math.ceil(distance)).filter(
    (peak) => prominenceOf(line, peak) >= prominence,
  );
}

// The middle of each flat top that does not reach the line's ends.
function localMaxima(line) {
  const peaks = [];
  for (let i = 1; i < line.length - 1; i++) {
    if (line[i - 1] >= line[i]) continue;
    let ahead = i + 1;
    while (ahead < line.length - 1 && line[ahead] === line[i]) ahead++;
    if (line[ahead] < line[i]) {
      peaks.push((i + ahead - 1) >> 1);
      i = ahead;
    }
  }
  return peaks;
}

function farApart(peaks, line, distance) {
  const isKept = peaks.map(() => true);
  const order = peaks.map((_, k) => k).sort((a, b) => line[peaks[a]] - line[peaks[b]]);
  for (const k of order.reverse()) {
    if (!isKept[k]) continue;
    for (let other = k - 1; other >= 0 && peaks[k] - peaks[other] < distance; other--) {
      isKept[other] = false;
    }
    for (let other = k + 1; other < peaks.length && peaks[other] - peaks[k] < distance; other++) {
      isKept[other] = false;
    }
  }
  return peaks.filter((_, k) => isKept[k]);
}

function prominenceOf(line, peak) {
  const lowest = (step) => {
    let low = line[peak];
    for (let i = peak; i >= 0 && i < line.length && line[i] <= line[peak]; i += step) {
      low = Math.min(low, line[i]);
    }
    return low;
  };
  return line[peak] - Math.max(lowest(-1), lowest(1));
}
