//! Synchronous walks against a walk that remembers every state it has been in.

use hopfield::Par;
use hopfield::classical::{
    Bias, ClassicalHopfield, ClassicalOptions, Known, Normalization, Reason, Retrieve, Temperature, Tie, Update,
};
use hopfield::rng::Stream;
use ndarray::{Array2, Axis, concatenate, s};

const TIES: [Tie; 3] = [Tie::Keep, Tie::Plus, Tie::Minus];

/// A network whose fields are whole numbers, with whatever its cues may look like.
struct Case {
    net: ClassicalHopfield,
    patterns: Array2<i8>,
    tie: Tie,
    bias: i64,
    cues: Array2<i8>,
    mask: Array2<bool>,
}

impl Case {
    fn new(n: usize, tie: Tie, stream: &mut Stream) -> Self {
        let (k, m) = (1 + stream.below(6) as usize, 4 + stream.below(6) as usize);
        let mut signs = |rows| Array2::from_shape_simple_fn((rows, n), || 2 * i8::from(stream.coin()) - 1);
        let (patterns, mut cues) = (signs(k), signs(m));
        // What the last cue leaves behind must not be taken for what this one has been.
        let (first, mut last) = cues.view_mut().split_at(Axis(0), m - 1);
        last.row_mut(0).assign(&first.row(m - 2));
        let mask = Array2::from_shape_simple_fn((m, n), || stream.below(4) > 0);
        let bias = i64::from(stream.coin());
        let options = ClassicalOptions {
            bias: if bias == 0 { Bias::None } else { Bias::Same(1.0) },
            normalization: Normalization::None,
            tie,
            ..Default::default()
        };
        let mut net = ClassicalHopfield::with(options).unwrap();
        net.store(patterns.view(), Par::serial()).unwrap();
        Self { net, patterns, tie, bias, cues, mask }
    }

    /// The state after one step from `state`, of whose neurons some are free.
    fn next(&self, state: &[i8], free: &[bool]) -> Vec<i8> {
        let rows = || self.patterns.rows().into_iter();
        let dot = |row: ndarray::ArrayView1<i8>| row.iter().zip(state).map(|(a, b)| i64::from(a * b)).sum::<i64>();
        let overlaps: Vec<i64> = rows().map(dot).collect();
        let field = |i: usize| {
            let sum: i64 = rows().zip(&overlaps).map(|(row, a)| i64::from(row[i]) * a).sum();
            sum - self.patterns.nrows() as i64 * i64::from(state[i]) + self.bias
        };
        let value = |(i, x): (usize, &i8)| match (field(i).signum(), self.tie) {
            _ if !free[i] => *x,
            (0, Tie::Keep) if *x != 0 => *x,
            (0, Tie::Minus) => -1,
            (0, _) => 1,
            (sign, _) => sign as i8,
        };
        state.iter().enumerate().map(value).collect()
    }
}

#[test]
fn walks_end_where_a_walk_with_a_memory_does() {
    let mut stream = Stream::new(3, 0);
    let (mut cycles, mut fixed_points) = (0, 0);
    for round in 0..600 {
        // Some networks are large enough for tables.
        let n = if round % 20 == 0 { 512 + stream.below(100) } else { 1 + stream.below(14) } as usize;
        let case = Case::new(n, TIES[round % 3], &mut stream);
        for (known, clamp) in [(false, false), (true, false), (true, true)] {
            let options = Retrieve {
                update: Update::Synchronous,
                known: known.then_some(Known { mask: case.mask.view(), clamp }),
                ..Default::default()
            };
            let answer = case.net.retrieve(case.cues.view(), &options, Par::serial()).unwrap();
            for (cue, (end, recall)) in answer.states.rows().into_iter().zip(&answer.recalls).enumerate() {
                let is_known = |i: usize| !known || case.mask[[cue, i]];
                let start = (0..n).map(|i| if is_known(i) { case.cues[[cue, i]] } else { 0 });
                let free: Vec<bool> = (0..n).map(|i| !(clamp && is_known(i))).collect();
                let mut states = vec![start.collect::<Vec<i8>>()];
                let mut flips = 0;
                let reason = loop {
                    let now = &states[states.len() - 1];
                    let next = case.next(now, &free);
                    if next == *now {
                        break Reason::FixedPoint;
                    }
                    flips += now.iter().zip(&next).filter(|(x, to)| x != to).count() as u64;
                    let returned = states.contains(&next) && case.next(&next, &free) != next;
                    states.push(next);
                    if returned {
                        break Reason::Cycle;
                    }
                };
                // Finding that nothing changes is a sweep as well.
                let sweeps = states.len() as u64 - u64::from(reason == Reason::Cycle);
                let expected = (reason, sweeps, flips, states.pop());
                assert_eq!(
                    (recall.reason, recall.n_sweeps, recall.n_flips, Some(end.to_vec())),
                    expected,
                    "{round} {cue}"
                );
                *(if reason == Reason::Cycle { &mut cycles } else { &mut fixed_points }) += 1;
            }
        }
    }
    assert!(cycles > 1000 && fixed_points > 5000, "both ends are met: {cycles}, {fixed_points}");
}

/// What chance brings back proves nothing: cycles count from the first step at 0 with none but zeros to follow.
#[test]
fn cycles_count_from_where_chance_ends() {
    let mut stream = Stream::new(4, 0);
    let mut cycles = 0;
    for round in 0..600 {
        let case = Case::new(1 + stream.below(14) as usize, TIES[round % 3], &mut stream);
        let hot = 1 + stream.below(3) as usize;
        let mut heat = [0.0; 40];
        heat[..hot].fill(40.0);
        let options =
            Retrieve { update: Update::Synchronous, temperature: Temperature::Schedule(&heat), ..Default::default() };
        let answer = case.net.retrieve(case.cues.view(), &options, Par::serial()).unwrap();
        for (end, recall) in answer.states.rows().into_iter().zip(&answer.recalls) {
            let (end, free) = (end.to_vec(), vec![true; case.cues.ncols()]);
            let next = case.next(&end, &free);
            if recall.reason == Reason::FixedPoint {
                assert_eq!(next, end, "{round}");
                continue;
            }
            assert_eq!(recall.reason, Reason::Cycle, "{round}");
            assert_ne!(next, end, "{round}");
            assert_eq!(case.next(&next, &free), end, "{round}");
            assert!(recall.n_sweeps >= hot as u64 + 2, "{round}: {} steps, {hot} of them hot", recall.n_sweeps);
            cycles += 1;
        }
    }
    assert!(cycles > 100, "some: {cycles}");
}

/// The first batch leaves behind what it looked up, which must not outlive the patterns.
#[test]
fn what_a_batch_leaves_behind_changes_no_answer() {
    let mut stream = Stream::new(5, 0);
    let mut signs = |rows| Array2::from_shape_simple_fn((rows, 600), || 2 * i8::from(stream.coin()) - 1);
    let (patterns, more, cues) = (signs(30), signs(20), signs(9));
    let options = Retrieve { update: Update::Synchronous, ..Default::default() };
    let of = |net: &ClassicalHopfield, rows| net.retrieve(cues.slice(s![rows, ..]), &options, Par::serial()).unwrap();
    let mut net = ClassicalHopfield::new(patterns.view()).unwrap();
    let alone = of(&net, 2..3);
    of(&net, 0..9);
    assert_eq!(of(&net, 2..3), alone);
    let copy = net.clone();
    net.store(more.view(), Par::serial()).unwrap();
    let fresh = ClassicalHopfield::new(concatenate![Axis(0), patterns, more].view()).unwrap();
    assert_eq!(of(&net, 0..9), of(&fresh, 0..9));
    assert_ne!(of(&net, 0..9), of(&copy, 0..9));
    net.forget(more.view(), Par::serial()).unwrap();
    assert_eq!(of(&net, 0..9), of(&copy, 0..9));
}
