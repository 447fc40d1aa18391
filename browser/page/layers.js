// Choose the layers to show, and compute their units' receptive fields on the tile.

const MAX_LAYERS = 10;

// The tile, the maps of the first member, and the answers: {place, rows, columns, channels, sees}.
// sees: {size, step, start}: a unit at row r sees rows start + step r to that plus size of the tile.
export function shownLayers({ layers, features }) {
  const end = features.length ? features[0] : layers.length - 1;
  const sees = fieldsOf(layers);
  const maps = layers
    .map((layer, place) => ({ ...layer, place }))
    .filter(({ shape, place }) => place <= end && shape.length === 3)
    .map(({ shape: [rows, columns, channels], place }) => ({
      place,
      rows,
      columns,
      channels,
      sees: sees[place],
    }));
  const answers = { place: layers.length - 1, rows: 1, columns: 1, channels: 10, sees: null };
  return [...maps.slice(0, MAX_LAYERS), answers].map((layer, number) => ({ ...layer, number }));
}

function fieldsOf(layers) {
  const fields = [{ size: 1, step: 1, start: 0 }];
  layers.slice(1).forEach(({ inputs, kernel, pool, strides, padding }, k) => {
    const widest = inputs.map((place) => fields[place]).reduce((a, b) => (b.size > a.size ? b : a));
    fields[k + 1] = strides
      ? {
          size: widest.size + ((pool ?? kernel)[0] - 1) * widest.step,
          step: widest.step * strides[0],
          start: widest.start - padding[0] * widest.step,
        }
      : widest;
  });
  return fields;
}

// The largest activation of a layer, by which its brightness is scaled.
export function peakOf(output) {
  let peak = 1e-6;
  for (let i = 0; i < output.length; i++) if (output[i] > peak) peak = output[i];
  return peak;
}
