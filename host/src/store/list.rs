//! How a list is cut into pages, the same on every back end.

use super::{Page, Result};

/// The records of `rows`, newest first, until there are `limit` of them or `scan` rows were looked at. A row without a
/// record is one that the list's filters leave out.
pub(super) fn page<Record, Id>(
    rows: impl Iterator<Item = Result<(Id, Option<Record>)>>,
    limit: u32,
    scan: u32,
) -> Result<Page<Record, Id>> {
    let mut page = Page { records: Vec::new(), next: None };
    let mut rows = rows.peekable();
    for _ in 0..scan {
        if page.records.len() >= limit as usize {
            break;
        }
        let Some(row) = rows.next() else { break };
        let (id, record) = row?;
        page.records.extend(record);
        page.next = Some(id);
    }
    if rows.peek().is_none() {
        page.next = None;
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of ten rows, those that are divided by `kept`.
    fn pages(kept: u32, limit: u32, scan: u32) -> Vec<(Vec<u32>, Option<u32>)> {
        let mut pages = Vec::new();
        let mut before = 11;
        loop {
            let rows = (1..before).rev().map(|id| Ok((id, (id % kept == 0).then_some(id))));
            let page = page(rows, limit, scan).unwrap();
            pages.push((page.records, page.next));
            let Some(next) = page.next else { return pages };
            before = next;
        }
    }

    #[test]
    fn a_page_ends_when_it_is_full_and_the_last_one_says_so() {
        assert_eq!(pages(1, 4, 100), [(vec![10, 9, 8, 7], Some(7)), (vec![6, 5, 4, 3], Some(3)), (vec![2, 1], None)]);
        assert_eq!(pages(1, 5, 100), [(vec![10, 9, 8, 7, 6], Some(6)), (vec![5, 4, 3, 2, 1], None)]);
    }

    #[test]
    fn a_page_looks_at_so_many_rows_and_may_be_short() {
        assert_eq!(pages(7, 2, 3), [(vec![], Some(8)), (vec![7], Some(5)), (vec![], Some(2)), (vec![], None)]);
    }
}
