//! The packed kernels against the sums they stand for, on every instruction set that this processor has.

#![allow(clippy::float_cmp, reason = "sums of integers are exact")]

use super::*;
use crate::InstructionSet;
use crate::rng::Stream;

/// Shapes around every edge: words, half blocks, blocks, the carry-save group, the piece.
const SHAPES: [(usize, usize); 12] = [
    (1, 1),
    (3, 2),
    (15, 5),
    (16, 64),
    (17, 65),
    (63, 3),
    (100, 130),
    (64, 256),
    (65, 257),
    (130, 600),
    (513, 70),
    (1100, 33),
];

fn sets() -> impl Iterator<Item = Available> {
    InstructionSet::ALL.into_iter().filter(|set| set.is_available()).map(Available::or_portable)
}

fn signs(len: usize, seed: u64) -> Vec<i8> {
    let mut stream = Stream::new(seed, 0);
    (0..len).map(|_| if stream.coin() { 1 } else { -1 }).collect()
}

fn count(agreements: &mut Agreements, columns: &Columns, state: &[i8], set: Available) {
    let agreements = std::sync::Mutex::new(agreements);
    Par::serial().run(1, |watch| agreements.lock().unwrap().count(columns, state, set, watch)).unwrap();
}

fn overlaps(rows: &[i8], state: &[i8]) -> Vec<i64> {
    rows.chunks(state.len()).map(|row| row.iter().zip(state).map(|(a, b)| i64::from(a * b)).sum()).collect()
}

fn fields(rows: &[i8], state: &[i8]) -> Vec<i64> {
    let a = overlaps(rows, state);
    let k = a.len() as i64;
    (0..state.len())
        .map(|i| {
            let sum: i64 = rows.chunks(state.len()).zip(&a).map(|(row, a)| i64::from(row[i]) * a).sum();
            sum - k * i64::from(state[i])
        })
        .collect()
}

#[test]
fn rows_come_back_from_columns() {
    for set in sets() {
        for (n, k) in SHAPES {
            let rows = signs(n * k, 1);
            // Stored in two parts, the second of which starts within a word.
            let (first, second) = rows.split_at(n * (k / 3));
            let mut columns = Columns::default();
            for part in [first, second] {
                if !part.is_empty() {
                    columns = columns.appended(part, n, set, Par::with_threads(2)).unwrap();
                }
            }
            let mut back = vec![0; n * k];
            columns.unpack(&mut back, set, Par::serial()).unwrap();
            assert_eq!(back, rows, "{set:?} {n} {k}");
        }
    }
}

#[test]
fn removed_rows_close_ranks() {
    for set in sets() {
        for (n, k) in SHAPES {
            let rows = signs(n * k, 2);
            let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
            let leaves = |row: usize| row % 3 == 1 || (64..140).contains(&row);
            let mut gone = vec![0; k.div_ceil(64)];
            (0..k).filter(|row| leaves(*row)).for_each(|row| gone[row / 64] |= 1 << (row % 64));
            let left = columns.without(&gone, Par::serial()).unwrap();
            let kept: Vec<_> = rows.chunks(n).enumerate().filter(|(row, _)| !leaves(*row)).collect();
            let kept: Vec<i8> = kept.into_iter().flat_map(|(_, row)| row.to_vec()).collect();
            let mut back = vec![0; kept.len()];
            left.unpack(&mut back, set, Par::serial()).unwrap();
            assert_eq!(back, kept, "{set:?} {n} {k}");
        }
    }
}

#[test]
fn agreements_follow_every_change() {
    for set in sets() {
        for (n, k) in SHAPES {
            let rows = signs(n * k, 3);
            let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
            let mut state = signs(n, 4);
            (0..n).step_by(3).for_each(|i| state[i] = 0);
            let mut agreements = Agreements::new(&columns).unwrap();
            count(&mut agreements, &columns, &state, set);
            let mut stream = Stream::new(5, 0);
            for _ in 0..40 {
                let i = stream.below(n as u64) as usize;
                let to = if state[i] != 0 { -state[i] } else { 1 - 2 * i8::from(stream.coin()) };
                agreements.replace(&columns, i, state[i], to, set);
                state[i] = to;
            }
            let mut a = vec![0; k];
            agreements.overlaps(&mut a);
            assert_eq!(a, overlaps(&rows, &state), "{set:?} {n} {k}");
            let mut h = vec![0; n];
            agreements.fields(&columns, &state, 0, &mut h, set);
            assert_eq!(h, fields(&rows, &state), "{set:?} {n} {k}");
        }
    }
}

#[test]
fn lanes_are_found_by_their_count() {
    for set in sets() {
        for (n, k) in SHAPES {
            let rows = signs(n * k, 6);
            let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
            let mut agreements = Agreements::new(&columns).unwrap();
            for row in [0, k / 2, k - 1] {
                let state = &rows[row * n..][..n];
                count(&mut agreements, &columns, state, set);
                let first = rows.chunks(n).position(|row| row == state);
                assert_eq!(agreements.first_lane(n), first, "{set:?} {n} {k}");
                let opposite: Vec<i8> = state.iter().map(|x| -x).collect();
                count(&mut agreements, &columns, &opposite, set);
                assert_eq!(agreements.first_lane(0), first, "{set:?} {n} {k}");
            }
        }
    }
}

#[test]
fn a_visit_stops_where_the_plain_rule_would() {
    for set in sets() {
        for (n, k) in SHAPES {
            let rows = signs(n * k, 7);
            let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
            let mut state = signs(n, 8);
            (0..n).step_by(7).for_each(|i| state[i] = 0);
            let h = fields(&rows, &state);
            let mut agreements = Agreements::new(&columns).unwrap();
            count(&mut agreements, &columns, &state, set);
            // Thresholds on both sides of the fields and exactly on some.
            let thresholds: Vec<i64> = h.iter().enumerate().map(|(i, h)| 2 * h + [0, -1, 1, 40][i % 4]).collect();
            let mut order: Vec<u32> = (0..n as u32).collect();
            Stream::new(9, 0).shuffle(&mut order);
            for (thresholds, ties_hold) in
                [(&thresholds[..], true), (&thresholds[..], false), (&[], true), (&[], false)]
            {
                let stable = Stable { thresholds, ties_hold };
                for start in 0..n.min(20) {
                    let expected = order[start..].iter().position(|&i| {
                        let i = i as usize;
                        let wanted = stable.margin(i, h[i]).signum();
                        state[i] == 0 || (wanted == 0 && !ties_hold) || wanted == -i64::from(state[i])
                    });
                    let found =
                        agreements.first_unstable(&columns, &state, stable, &order[start..], &mut Due::default(), set);
                    assert_eq!(found.map(|(place, _)| place), expected, "{set:?} {n} {k}");
                    if let Some((place, field)) = found {
                        assert_eq!(field, h[order[start + place] as usize]);
                    }
                }
            }
        }
    }
}

#[test]
fn correlations_are_sums_over_rows() {
    for set in sets() {
        let (n, k) = (70, 300);
        let rows = signs(n * k, 10);
        let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
        let mut sums = vec![0.0; n];
        columns.correlate(5, &mut sums, set);
        for (j, sum) in sums.iter().enumerate() {
            let expected: i64 = rows.chunks(n).map(|row| i64::from(row[5] * row[j])).sum();
            assert_eq!(sum.to_bits(), (expected as f64).to_bits());
        }
    }
}

/// From far from every row to a row itself and to its negative, through every number of planes: what is counted along
/// the way is what a fresh count finds.
#[test]
fn planes_come_and_go() {
    for set in sets() {
        for (n, k) in [(300, 5), (1100, 33), (1101, 130), (1500, 257), (1030, 900), (2100, 1000)] {
            let mut rows = signs(n * k, 11);
            // One row like another, and one against it: more of the largest numbers than may lie apart.
            rows.copy_within(..n, n);
            (0..n).for_each(|i| rows[2 * n + i] = -rows[i]);
            let columns = Columns::default().appended(&rows, n, set, Par::serial()).unwrap();
            let mut state = signs(n, 12);
            (0..n).step_by(5).for_each(|i| state[i] = 0);
            let (mut kept, mut fresh) = (Agreements::new(&columns).unwrap(), Agreements::new(&columns).unwrap());
            count(&mut kept, &columns, &state, set);
            for (row, sign) in [(k - 1, 1), (0, 1), (0, -1), (k - 1, -1)] {
                for i in 0..n {
                    let to = sign * rows[row * n + i];
                    if state[i] != to {
                        kept.replace(&columns, i, state[i], to, set);
                        state[i] = to;
                    }
                    if i % 97 == 0 || i == n - 1 {
                        let (mut a, mut h) = (vec![0; k], vec![0; n]);
                        kept.overlaps(&mut a);
                        assert_eq!(a, overlaps(&rows, &state), "{set:?} {n} {k}");
                        kept.fields(&columns, &state, 0, &mut h, set);
                        if i % 485 == 0 || i == n - 1 {
                            assert_eq!(h, fields(&rows, &state), "{set:?} {n} {k}");
                        }
                        count(&mut fresh, &columns, &state, set);
                        for lanes in [0, n / 2, n - 1, n] {
                            assert_eq!(kept.first_lane(lanes), fresh.first_lane(lanes), "{set:?} {n} {k}");
                        }
                    }
                }
                let at = (0..k).find(|mu| rows[mu * n..][..n].iter().zip(&state).all(|(a, b)| a == b));
                assert_eq!(kept.first_lane(n), at, "{set:?} {n} {k}");
            }
        }
    }
}
