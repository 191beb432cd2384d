'use strict';
// Asks node-semver and our driver the same questions and prints every disagreement with its pair.
// usage: node check.js <driver> [pairs]; QVT_SEED repeats a run.

const { execFileSync } = require('node:child_process');
const { randomInt } = require('node:crypto');
const semver = require('semver');

const driver = process.argv[2];
const pairCount = Number(process.argv[3] ?? 10000);
const seed = Number(process.env.QVT_SEED ?? randomInt(2 ** 31));

// mulberry32
let state = seed >>> 0;
function random(bound) {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
}

const pick = (choices) => choices[random(choices.length)];
const maybe = (outOf, make) => (random(outOf) === 0 ? make() : '');
const repeat = (count, make, separator) => Array.from({ length: count }, make).join(separator);

const number = () => pick(['0', '0', '1', '1', '2', '3', '10', String(random(100))]);
const wildcard = () => pick(['x', 'X', '*']);
const blanks = () => pick(['', '', '', ' ', '  ']);
const identifier = () => pick(['0', '1', '2', '10', 'a', 'b', 'alpha', 'beta', 'rc', 'A', '-', '1a', '0-']);
const prerelease = () => '-' + repeat(1 + random(3), identifier, '.');
const build = () => '+' + repeat(1 + random(2), () => pick(['b', '7', '007', 'a-b']), '.');
const full = () => repeat(3, number, '.') + maybe(4, prerelease) + maybe(12, build);

// Numbers, then wildcards, as people write them.
function partial() {
  const given = random(4);
  if (given === 3) return full();
  const parts = [...Array.from({ length: given }, number), ...Array.from({ length: random(4 - given) }, wildcard)];
  if (parts.length === 0) parts.push(wildcard());
  return parts.join('.') + (parts.length === 3 ? maybe(8, prerelease) : '');
}

const prefix = () => pick(['', '', '', '', '', 'v']);
const operator = () => pick(['', '', '<', '<=', '>', '>=', '=', '^', '^', '~', '~', '~>']);
const comparator = () => operator() + blanks() + prefix() + partial();
const hyphen = () => prefix() + partial() + ' ' + blanks() + '-' + blanks() + ' ' + partial();
const alternative = () => (random(6) === 0 ? hyphen() : repeat(1 + random(3), comparator, ' ' + blanks()));
const wellFormed = () => repeat(1 + random(3), alternative, blanks() + '||' + blanks());

// Pieces in any order: mostly refused, so that both must refuse the same.
const pieces = ['0', '1', '2', '10', '.', '.', '.', 'x', '*', 'v', '=', '<', '>', '~', '^', ' ', ' ', '-', '||', '-a', '-0',
  '1.2.3', '0.0.0', '1.2', '>=', ' - ', '01'];
const scrambled = () => repeat(1 + random(6), () => pick(pieces), '');

function mutated() {
  const text = wellFormed();
  const at = random(text.length + 1);
  return text.slice(0, at) + pick(pieces) + text.slice(at + random(2));
}

const range = () => (random(10) < 7 ? wellFormed() : random(2) === 0 ? mutated() : scrambled());

// Often a neighbour of a version in the range, where the bounds are.
function versionNear(text) {
  const named = text.match(/\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?/g);
  const base = named && random(3) > 0 ? semver.parse(pick(named)) : null;
  if (!base) return full();
  const parts = [base.major, base.minor, base.patch];
  const index = random(6);
  if (index < 3) parts[index] = Math.max(0, parts[index] + pick([-1, 0, 1]));
  const tail = pick(['', '', prerelease(), base.prerelease.length ? '-' + base.prerelease.join('.') : '-0']);
  return parts.join('.') + tail;
}

function expected([version, text]) {
  if (semver.parse(version) === null) return 'refused';
  if (semver.validRange(text) === null) return 'refused';
  return semver.satisfies(version, text) ? '1' : '0';
}

// Where we differ on purpose (version/range.h): a fourth number, stray build metadata, a '*' glued to something else.
function isOurs(text, theirs, answer) {
  if (theirs === 'refused') return /[<>=]\s*v?=?\d+(\.\d+){3}/.test(text);
  const strayBuild = /\+/.test(text) && /build identifier|numeric part must|comparator must|pre-release|hyphen/.test(answer);
  // With x for *, node-semver refuses too, unless the * is inside a pre-release.
  const strayStar = semver.validRange(text.replaceAll('*', 'x')) === null || /-[0-9A-Za-z.-]*\*/.test(text);
  return strayBuild || strayStar;
}

const pairs = Array.from({ length: pairCount }, () => {
  const text = range();
  return [versionNear(text), text];
}).filter(([, text]) => text.length <= 256);

const input = pairs.map(([version, text]) => `${version}\t${text}\n`).join('');
const answers = execFileSync(driver, { input, encoding: 'utf8', maxBuffer: 1 << 26 }).trimEnd().split('\n');

const counts = { 0: 0, 1: 0, refused: 0 };
let disagreements = answers.length === pairs.length ? 0 : 1;
let onPurpose = 0;
pairs.forEach((pair, i) => {
  const theirs = expected(pair);
  const ours = /^[01]$/.test(answers[i]) ? answers[i] : 'refused';
  counts[theirs]++;
  if (ours === theirs) return;
  if ((ours === 'refused' || theirs === 'refused') && isOurs(pair[1], theirs, answers[i])) {
    onPurpose++;
    return;
  }
  disagreements++;
  console.log(`${JSON.stringify(pair[0])} ${JSON.stringify(pair[1])}: node-semver ${theirs}, qvt ${answers[i]}`);
});

console.log(`QVT_SEED=${seed}: ${pairs.length} pairs, ${counts[1]} satisfied, ${counts[0]} not, ${counts.refused} refused;`,
  `${onPurpose} differ on purpose, ${disagreements} disagreements with node-semver ${require('semver/package.json').version}`);
// A generator that makes one kind of answer, or mostly exceptions, would prove nothing.
const meaningful = Object.values(counts).every((count) => count > pairs.length / 50) && onPurpose < pairs.length / 50;
process.exit(disagreements === 0 && meaningful ? 0 : 1);
