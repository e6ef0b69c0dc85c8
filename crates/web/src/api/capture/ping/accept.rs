//! In which form the answer to a ping is sent. Some tools that send pings cannot read JSON.

use actix_web::http::header::{self, HeaderMap};

use crate::media::{self, MediaType};

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const GIF: &str = "image/gif";
/// One transparent pixel.
pub(super) const PIXEL: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An object with the id.
    Json,
    /// The id in a line.
    Text,
    /// An image, for pages and mails that can show nothing else.
    Pixel,
}

impl Form {
    /// The form that `Accept` prefers: the one of the highest quality, or the first of several; JSON if it names none.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let ranges = headers.get_all(header::ACCEPT).filter_map(|line| line.to_str().ok());
        let mut preferred = (Self::Json, 0);
        for range in ranges.flat_map(|line| media::split(line, ',')) {
            let range = MediaType::of(range);
            let form = Self::of_range(&range);
            let quality = range.parameters("q").next().map_or(1000, |quality| thousandths(&quality));
            match form {
                Some(form) if quality > preferred.1 => preferred = (form, quality),
                _ => {}
            }
        }
        preferred.0
    }

    fn of_range(range: &MediaType<'_>) -> Option<Self> {
        let (kind, subtype) = range.halves()?;
        match kind.as_str() {
            "image" => Some(Self::Pixel),
            // A browser that shows a page can show text.
            "text" => Some(Self::Text),
            "application" if matches!(subtype.as_str(), "json" | "*") => Some(Self::Json),
            "*" => Some(Self::Json),
            _ => None,
        }
    }
}

/// A quality such as `0.8` in thousandths; 0 if it is malformed (RFC 9110, section 12.4.2).
fn thousandths(quality: &str) -> u16 {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let fraction = format!("{fraction:0<3}");
    match (whole, fraction.parse()) {
        ("1", _) => 1000,
        ("0", Ok(thousandths @ 0..=999)) => thousandths,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn form(accept: &'static str) -> Form {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        Form::of(&headers)
    }

    #[test]
    fn the_form_with_the_highest_quality_is_preferred() {
        assert_eq!(Form::of(&HeaderMap::new()), Form::Json);
        for accept in
            ["*/*", "application/json", "application/*", "", "audio/*", "x", "text/plain;q=0", "a/b, */*;q=0.1"]
        {
            assert_eq!(form(accept), Form::Json, "{accept}");
        }
        for accept in [
            "image/gif",
            "image/*",
            "image/avif,image/webp,*/*;q=0.8",
            "application/json;q=0.9, image/*",
            "Image/GIF;Q=1",
            "text/plain;x=\"a, text/html\";q=0.3, image/*;q=0.5",
        ] {
            assert_eq!(form(accept), Form::Pixel, "{accept}");
        }
        for accept in
            ["text/plain", "text/html,application/xml;q=0.9,image/avif,*/*;q=0.8", "image/*;q=0.25,text/*; q=0.5"]
        {
            assert_eq!(form(accept), Form::Text, "{accept}");
        }
    }

    #[test]
    fn the_pixel_is_a_whole_image() {
        assert_eq!((&PIXEL[..6], PIXEL.len(), PIXEL.last()), (&b"GIF89a"[..], 43, Some(&b';')));
    }
}
