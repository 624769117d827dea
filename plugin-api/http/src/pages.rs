//! Lists that come in pages.

/// Every row of a list: `page` gives the rows of one page, and what asks for the next. A page may have no
/// rows and still not be the last. After `pages_max` pages the list is taken for one without an end.
///
/// # Errors
/// Those of `page`, and `endless`.
pub async fn all<Q, T, E, F>(
    first: Q,
    pages_max: usize,
    mut page: impl FnMut(Q) -> F,
    endless: E,
) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<(Vec<T>, Option<Q>), E>>,
{
    let (mut all, mut asked) = (Vec::new(), first);
    for _ in 0..pages_max {
        let (rows, next) = page(asked).await?;
        all.extend(rows);
        match next {
            Some(next) => asked = next,
            None => return Ok(all),
        }
    }
    Err(endless)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages `from` to `last`, every second one of them empty.
    async fn read(last: usize, pages_max: usize) -> Result<Vec<usize>, &'static str> {
        let page = |number: usize| async move {
            let rows = if number.is_multiple_of(2) { vec![number] } else { Vec::new() };
            Ok((rows, (number < last).then_some(number + 1)))
        };
        all(0, pages_max, page, "no end").await
    }

    #[tokio::test]
    async fn empty_pages_are_not_the_end() {
        assert_eq!(read(5, 6).await, Ok(vec![0, 2, 4]));
    }

    #[tokio::test]
    async fn a_list_without_an_end_is_given_up() {
        assert_eq!(read(5, 5).await, Err("no end"));
    }
}
