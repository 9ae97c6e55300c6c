//! One fax from one line to another: two terminals of libspandsp, two gateways, a network, in virtual time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use tipring_oracle::{FAX_WIDTH, FaxOutcome, FaxRole, LibTiff, Page, Spandsp, SpandspFax, write_pages};
use tipring_port::{Frame, SAMPLE_SILENCE, Samples};
use tipring_sim::ear::What;
use tipring_sim::pair::{End, NUMBERS, Pair, PairSpec};
use tipring_sim::phone::{Action, Dialling, Machine};
use tipring_units::{Entropy, Millis};

/// Rows of a page: A4 at 3.85 lines a millimetre.
const ROWS: usize = 1143;
/// Virtual seconds after which a transfer has failed.
const PATIENCE: u32 = 600;

/// The libraries that it takes.
pub struct Libraries {
    /// Its modems, too.
    pub spandsp: Spandsp,
    tiff: LibTiff,
}

impl Libraries {
    /// Both, if they are installed.
    pub fn open() -> Option<Self> {
        Some(Self { spandsp: Spandsp::open()?, tiff: LibTiff::open()? })
    }
}

/// What is sent, and through what.
pub struct Transfer {
    /// The gateways and the network.
    pub pair: PairSpec,
    /// The terminals correct errors (ECM).
    pub corrects: bool,
    /// Pages.
    pub pages: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Arrived {
    /// Pages that are pixel for pixel those that were sent.
    pub clean: usize,
    /// Pages that came at all.
    pub came: usize,
    /// What the terminals say: the sender, the receiver.
    pub outcomes: [FaxOutcome; 2],
    /// What each gateway said.
    pub told: [Vec<String>; 2],
    /// Each gateway's records say that the call was passed through.
    pub recorded: [bool; 2],
}

/// A terminal at a telephone's place.
#[derive(Debug)]
struct Terminal(Arc<Mutex<SpandspFax>>);

impl Machine<Samples> for Terminal {
    fn speak(&mut self) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).speak(&mut frame);
        frame
    }

    fn hear(&mut self, frame: &Frame) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).hear(frame);
    }
}

/// Files that go when it does.
struct Files(PathBuf);

impl Drop for Files {
    fn drop(&mut self) {
        // Whatever is left lies in the folder for what is passing.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Transfer {
    /// Calls, sends, hangs up, compares.
    pub fn run(&self, libraries: &Libraries) -> Result<Arrived> {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("tipring-fax-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).context("no folder for the pages")?;
        let files = Files(folder);
        let (sent, received) = (files.0.join("sent.tif"), files.0.join("received.tif"));
        let pages: Vec<Page> = (0..self.pages as u64).map(|n| page(self.pair.seed * 100 + n)).collect();
        write_pages(&sent, &pages).context("the pages cannot be written")?;

        let terminal = |role| -> Result<Arc<Mutex<SpandspFax>>> {
            let fax = libraries.spandsp.fax(role, self.corrects).context("libspandsp gives no terminal")?;
            Ok(Arc::new(Mutex::new(fax)))
        };
        let ends = [terminal(FaxRole::Sends(&sent))?, terminal(FaxRole::Receives(&received))?];
        let mut pair = Pair::new(&self.pair).map_err(anyhow::Error::msg)?;
        self.talk(&mut pair, &ends)?;
        let outcomes = [0, 1].map(|n| ends[n].lock().unwrap_or_else(PoisonError::into_inner).outcome());
        let told = [End::Near, End::Far].map(|end| words(&pair, end));
        let recorded = [End::Near, End::Far].map(|end| pair.records(end).iter().any(|record| record.data));
        // The receiver's file is whole when it is closed.
        drop((pair, ends));
        let came = libraries.tiff.read(&received);
        let clean = pages.iter().zip(&came).filter(|(sent, came)| sent == came).count();
        Ok(Arrived { clean, came: came.len(), outcomes, told, recorded })
    }

    fn talk(&self, pair: &mut Pair, ends: &[Arc<Mutex<SpandspFax>>; 2]) -> Result<()> {
        connect(pair, Box::new(Terminal(ends[0].clone())), Box::new(Terminal(ends[1].clone())))?;
        for _ in 0..PATIENCE {
            pair.run(Millis(1000));
            let is_active =
                |end: &Arc<Mutex<SpandspFax>>| end.lock().unwrap_or_else(PoisonError::into_inner).is_active();
            if !ends.iter().any(is_active) {
                break;
            }
        }
        for end in [End::Near, End::Far] {
            pair.act(end, Action::OnHook)?;
        }
        pair.run(Millis(5000));
        Ok(())
    }
}

/// One telephone calls the other, which is answered; a machine sits at each from when it rings.
pub fn connect(
    pair: &mut Pair,
    caller: Box<dyn Machine<Samples>>,
    called: Box<dyn Machine<Samples>>,
) -> Result<()> {
    pair.run(Millis(1500));
    pair.act(End::Near, Action::OffHook)?;
    pair.act(End::Near, Action::Wait(Millis(1000)))?;
    pair.act(End::Near, Action::Dial(NUMBERS[1].to_owned(), Dialling::Dtmf))?;
    let rings = |pair: &Pair| pair.hears(End::Far).iter().any(|heard| heard.what == What::Ringing);
    for _ in 0..100 {
        pair.run(Millis(100));
        if rings(pair) {
            break;
        }
    }
    if !rings(pair) {
        bail!("the call did not come about: {:?}", pair.told(End::Near));
    }
    pair.attach(End::Near, caller)?;
    pair.run(Millis(1000));
    pair.attach(End::Far, called)?;
    pair.act(End::Far, Action::OffHook)?;
    Ok(())
}

/// What a gateway said, with times in seconds.
pub fn words(pair: &Pair, end: End) -> Vec<String> {
    let words = pair.told(end).iter();
    words.map(|(at, words)| format!("{:>9.3} {words}", at.as_millis() as f64 / 1e3)).collect()
}

/// A page that looks like writing: rows of words, each a run of narrow strokes, with margins and blank lines between.
fn page(seed: u64) -> Page {
    let mut entropy = Entropy::for_simulation(seed);
    let width = FAX_WIDTH as usize;
    let mut page = Page { rows: vec![vec![0; width / 8]; ROWS] };
    for line in (60..ROWS - 60).step_by(24) {
        let mut at = 140;
        // Some lines are short, some are left out.
        let end = if entropy.chance(0.1) { 0 } else { width - 140 - entropy.below(500) as usize };
        while at < end {
            let letters = 2 + entropy.below(9) as usize;
            for _ in 0..letters {
                let (shape, tall) = (entropy.u32(), 8 + entropy.below(6) as usize);
                for row in 0..tall {
                    // Each row of a letter is two strokes, which lean by its shape.
                    for stroke in 0..2 {
                        let lean = (shape >> (4 * stroke) & 3) as usize * row / 6;
                        let from = at + stroke as usize * 7 + lean;
                        let thick = 1 + (shape >> (8 + 3 * (row % 7))) as usize % 4;
                        for pixel in (from..from + thick).filter(|pixel| *pixel < width) {
                            page.rows[line + row][pixel / 8] |= 0x80 >> (pixel % 8);
                        }
                    }
                }
                at += 17;
            }
            at += 14;
        }
    }
    page
}
