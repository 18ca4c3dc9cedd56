//! How a batch of queries is cut into tiles that kernels take at once.

use crate::kernel::{MOST_FEW, MOST_VECTORS, Shape};

/// A tile of queries: the first one, how many, and how they lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct QueryTile {
    pub(crate) first: usize,
    pub(crate) count: usize,
    pub(crate) shape: Shape,
}

/// Cuts `queries` queries into tiles: three vectors while that lasts, four left as 2 + 2, a small rest as rows.
pub(crate) fn plan(queries: usize, lanes: usize) -> Vec<QueryTile> {
    // A vector that would be less than a quarter full is dearer than rows.
    let mut vectors = if queries <= MOST_FEW { 0 } else { queries / lanes + usize::from(queries % lanes > lanes / 4) };
    let (mut tiles, mut first) = (Vec::new(), 0);
    while first < queries {
        let rest = queries - first;
        let (count, shape) = match vectors {
            0 => {
                let count = rest.div_ceil(rest.div_ceil(MOST_FEW));
                (count, Shape::Rows(count))
            }
            4 => (2 * lanes, Shape::Lanes(2)),
            left => (left.min(MOST_VECTORS) * lanes, Shape::Lanes(left.min(MOST_VECTORS))),
        };
        let count = count.min(rest);
        if let Shape::Lanes(taken) = shape {
            vectors -= taken;
        }
        tiles.push(QueryTile { first, count, shape });
        first += count;
    }
    tiles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_covers_every_query_once() {
        for lanes in [4, 8, 16] {
            for queries in 0..300 {
                let mut next = 0;
                for tile in plan(queries, lanes) {
                    assert_eq!(tile.first, next);
                    let room = match tile.shape {
                        Shape::Lanes(vectors) => vectors * lanes,
                        Shape::Rows(rows) => rows,
                    };
                    assert!((1..=room).contains(&tile.count), "{tile:?}");
                    next += tile.count;
                }
                assert_eq!(next, queries);
            }
        }
    }
}
