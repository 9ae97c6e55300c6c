//! Pages of a fax as TIFF files: written by our own hand, read by Debian's libtiff.
//!
//! # What it does
//! [`write_pages`] makes a file of black-and-white pages as they are; [`LibTiff::read`] reads whatever file a fax terminal
//! has written, whatever its compression.
//!
//! # Limits
//! One bit a pixel, R8 by 3.85 lines a millimetre (204 by 98 dots an inch) in files that are written.
//!
//! # Standard
//! TIFF 6.0; the header `tiffio.h`.

use core::ffi::{c_char, c_int, c_void};
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libloading::Library;

/// Pixels of a row of a fax page (ITU-T T.4: A4).
pub const FAX_WIDTH: u32 = 1728;

const NAMES: [&str; 2] = ["libtiff.so.6", "libtiff.so"];
/// Pages that are read of a file, at the most.
const PAGES_MAX: usize = 100;
/// Rows of a page, at the most.
const ROWS_MAX: u32 = 10_000;

/// A black-and-white page: rows of [`FAX_WIDTH`] pixels, eight to a byte, black is 1.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Vec<u8>>,
}

/// Writes pages to a file, uncompressed.
///
/// # Errors
/// When the file cannot be written.
pub fn write_pages(path: &Path, pages: &[Page]) -> io::Result<()> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let mut link = 4;
    for (number, page) in pages.iter().enumerate() {
        let start = file.len();
        for row in &page.rows {
            file.extend_from_slice(row);
        }
        let size = file.len() - start;
        file.resize(file.len().next_multiple_of(4), 0);
        let resolution = file.len();
        for part in [204_u32, 1, 98, 1] {
            file.extend_from_slice(&part.to_le_bytes());
        }
        let directory = file.len();
        let height = page.rows.len();
        // Tag, type (3: short, 4: long, 5: fraction), value.
        let entries: [(u16, u16, u32); 14] = [
            (254, 4, 2), // one page of several
            (256, 4, FAX_WIDTH),
            (257, 4, height as u32),
            (258, 3, 1),
            (259, 3, 1), // not compressed
            (262, 3, 0), // white is 0
            (273, 4, start as u32),
            (277, 3, 1),
            (278, 4, height as u32),
            (279, 4, size as u32),
            (282, 5, resolution as u32),
            (283, 5, resolution as u32 + 8),
            (296, 3, 2), // dots an inch
            (297, 3, number as u32 | (pages.len() as u32) << 16),
        ];
        file.extend_from_slice(&(entries.len() as u16).to_le_bytes());
        for (tag, kind, value) in entries {
            let count: u32 = if tag == 297 { 2 } else { 1 };
            file.extend_from_slice(&tag.to_le_bytes());
            file.extend_from_slice(&kind.to_le_bytes());
            file.extend_from_slice(&count.to_le_bytes());
            file.extend_from_slice(&value.to_le_bytes());
        }
        file[link..link + 4].copy_from_slice(&(directory as u32).to_le_bytes());
        link = file.len();
        file.extend_from_slice(&[0; 4]);
    }
    std::fs::write(path, file)
}

type Open = unsafe extern "C" fn(*const c_char, *const c_char) -> *mut c_void;
type Close = unsafe extern "C" fn(*mut c_void);
type GetField = unsafe extern "C" fn(*mut c_void, u32, ...) -> c_int;
type ReadScanline = unsafe extern "C" fn(*mut c_void, *mut c_void, u32, u16) -> c_int;
type ReadDirectory = unsafe extern "C" fn(*mut c_void) -> c_int;
type ScanlineSize = unsafe extern "C" fn(*mut c_void) -> isize;
type SetHandler = unsafe extern "C" fn(*const c_void) -> *const c_void;

/// The library.
pub struct LibTiff {
    library: Library,
}

impl LibTiff {
    /// The library, if it is installed: libspandsp needs it, too.
    pub fn open() -> Option<Self> {
        let library = crate::open(&NAMES)?;
        for name in ["TIFFSetErrorHandler", "TIFFSetWarningHandler"] {
            // SAFETY: the header declares it so; without a handler the library is silent.
            unsafe { library.get::<SetHandler>(name).ok().map(|set| set(core::ptr::null())) };
        }
        Some(Self { library })
    }

    /// The pages of a file, as far as they can be read; none if it is no TIFF file of one bit a pixel.
    pub fn read(&self, path: &Path) -> Vec<Page> {
        self.pages(path).unwrap_or_default()
    }

    fn pages(&self, path: &Path) -> Option<Vec<Page>> {
        // SAFETY: the types are those of the header.
        let (open, close, field, scan, next, size) = unsafe {
            (
                self.library.get::<Open>("TIFFOpen").ok()?,
                self.library.get::<Close>("TIFFClose").ok()?,
                self.library.get::<GetField>("TIFFGetField").ok()?,
                self.library.get::<ReadScanline>("TIFFReadScanline").ok()?,
                self.library.get::<ReadDirectory>("TIFFReadDirectory").ok()?,
                self.library.get::<ScanlineSize>("TIFFScanlineSize").ok()?,
            )
        };
        let path = CString::new(path.as_os_str().as_bytes()).ok()?;
        // SAFETY: both are strings with a zero at their end.
        let file = unsafe { open(path.as_ptr(), c"r".as_ptr()) };
        if file.is_null() {
            return None;
        }
        let mut pages = Vec::new();
        loop {
            let (mut height, mut photometric, mut bits) = (0_u32, 0_u16, 1_u16);
            // SAFETY: the file is open, and each tag's value has the type that the header's table gives it.
            let bytes = unsafe {
                field(file, 257, &raw mut height);
                field(file, 262, &raw mut photometric);
                field(file, 258, &raw mut bits);
                usize::try_from(size(file)).unwrap_or(0)
            };
            if bits != 1 || bytes == 0 {
                break;
            }
            let mut page = Page::default();
            for row in 0..height.min(ROWS_MAX) {
                let mut line = vec![0_u8; bytes];
                // SAFETY: the line has room for a scan line of this directory.
                if unsafe { scan(file, line.as_mut_ptr().cast(), row, 0) } < 0 {
                    break;
                }
                if photometric == 1 {
                    line.iter_mut().for_each(|byte| *byte = !*byte);
                }
                page.rows.push(line);
            }
            pages.push(page);
            // SAFETY: the file is open.
            if pages.len() == PAGES_MAX || unsafe { next(file) } == 0 {
                break;
            }
        }
        // SAFETY: the file is open, and not used afterwards.
        unsafe { close(file) };
        Some(pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_written_are_read_back() {
        let Some(library) = LibTiff::open() else {
            eprintln!("skipped: libtiff6 is not installed");
            return;
        };
        let page = |seed: usize| Page {
            rows: (0..50)
                .map(|row| (0..FAX_WIDTH as usize / 8).map(|n| (row * n * seed % 251) as u8).collect())
                .collect(),
        };
        let pages = [page(3), page(7)];
        let path = std::env::temp_dir().join(format!("tipring-tiff-{}.tif", std::process::id()));
        write_pages(&path, &pages).expect("it is written");
        let read = library.read(&path);
        std::fs::remove_file(&path).expect("it was there");
        assert!(read == pages);
        assert!(library.read(&path).is_empty());
    }
}
