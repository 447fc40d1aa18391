// Read the digits of a sheet as one writer's (digit_model/one_writer.py).
// Logits are arrays of ten numbers; a calibration is the entry of that name in model.json.

import { accept, energy, toProbabilities } from "./acceptance.js";
import { DIGITS } from "./network.js";

// The log odds of the digit that a tile shows, and of the others.
const OWN_LOG_ODDS = 3.2;
const OTHER_LOG_ODDS = -6.4;
const WITHIN_WRITER = 2.2;
const BETWEEN_WRITERS = 0.17;
const MIN_PROBABILITY = 1e-3;

const TEN = [...Array(DIGITS).keys()];

// Adapt the logits of each tile to its writer's habits, which the other accepted tiles show.
export function readAsOneWriter(logits, calibration) {
  if (logits.length < 2) return logits;
  const { temperature } = calibration;
  const tiles = logits.map((own) => ({
    logOdds: own.map((logit) => logit / temperature),
    probabilities: toProbabilities(own, temperature),
    vote: accept(own, calibration) ? own.indexOf(Math.max(...own)) : null,
  }));
  const sums = TEN.map((digit) => sumOfVotes(tiles, digit));
  return logits.map((own, k) => {
    const adapted = own.map((logit, digit) => {
      const isLikely = tiles[k].probabilities[digit] >= MIN_PROBABILITY;
      return isLikely ? logit + temperature * evidenceFor(digit, tiles[k], sums[digit]) : logit;
    });
    const change = energy(adapted) - energy(own);
    return adapted.map((logit) => logit + change);
  });
}

const deviations = (tile, digit) =>
  tile.logOdds.map((odds, other) => odds - (other === digit ? OWN_LOG_ODDS : OTHER_LOG_ODDS));

// Return how many tiles surely are a digit, and the sum of their deviations from the mean of all writers.
function sumOfVotes(tiles, digit) {
  const votes = tiles.filter(({ vote }) => vote === digit);
  const sum = TEN.map(() => 0);
  for (const tile of votes) deviations(tile, digit).forEach((deviation, k) => (sum[k] += deviation));
  return { count: votes.length, sum };
}

// Return the evidence, in nats, of the other tiles that a tile is a digit.
function evidenceFor(digit, tile, { count, sum }) {
  const own = deviations(tile, digit);
  const isVote = tile.vote === digit;
  const others = count - Number(isVote);
  const uncertainty = 1 / (1 / BETWEEN_WRITERS + others / WITHIN_WRITER);
  return own.reduce((evidence, deviation, k) => {
    const mean = (uncertainty * (isVote ? sum[k] - deviation : sum[k])) / WITHIN_WRITER;
    const ofWriter = logDensity(deviation - mean, WITHIN_WRITER + uncertainty);
    return evidence + ofWriter - logDensity(deviation, WITHIN_WRITER + BETWEEN_WRITERS);
  }, 0);
}

// The logarithm of the normal density, but for a constant.
const logDensity = (deviation, variance) => -(deviation ** 2 / variance + Math.log(variance)) / 2;
