package lists

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path"
	"strings"

	"candor/internal/errs"
)

// File is something to read: a file of a disk or an upload.
type File struct {
	Name    string
	Content io.ReaderAt
	Size    int64
}

// maxParts bounds what is read of one zip.
const maxParts = 200

// Open opens a file. A zip gives a sheet for each list in it; any other file
// gives one. Close every sheet. It returns INVALID for what is not a list.
func Open(f File) ([]*Sheet, error) {
	var magic [8]byte
	n, err := f.Content.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case n == 0:
		return nil, errs.New(errs.Invalid, "empty_file", "%s is empty", f.Name)
	case bytes.HasPrefix(magic[:], []byte("PK\x03\x04")) && strings.EqualFold(path.Ext(f.Name), ".xlsx"), bytes.HasPrefix(magic[:], []byte("\xd0\xcf\x11\xe0")):
		return nil, errs.New(errs.Invalid, "a_workbook", "%s is a workbook; save its sheet as CSV (UTF-8) and give that", f.Name)
	case bytes.HasPrefix(magic[:], []byte("PK\x03\x04")):
		return openZip(f)
	}
	s, err := newSheet(f.Name, io.NopCloser(io.NewSectionReader(f.Content, 0, f.Size)))
	if err != nil {
		return nil, err
	}
	s.Source = f.Name
	return []*Sheet{s}, nil
}

func openZip(f File) ([]*Sheet, error) {
	z, err := zip.NewReader(f.Content, f.Size)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "bad_zip", "%s is a broken zip; download it again", f.Name)
	}
	var out []*Sheet
	for _, part := range z.File {
		base := path.Base(part.Name)
		if ext := strings.ToLower(path.Ext(base)); ext != ".csv" && ext != ".txt" && ext != ".tsv" || strings.HasPrefix(base, ".") || strings.HasPrefix(part.Name, "__MACOSX/") {
			continue
		}
		if part.UncompressedSize64 == 0 {
			continue
		}
		if len(out) == maxParts {
			return nil, errors.Join(errs.New(errs.TooLarge, "too_many_lists", "%s holds more than %d lists; unpack it and give those you mean", f.Name, maxParts), Close(out))
		}
		s, err := openPart(part)
		if err != nil {
			return nil, errors.Join(err, Close(out))
		}
		s.Source = f.Name
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, errs.New(errs.Invalid, "no_lists", "%s holds no CSV file", f.Name)
	}
	return out, nil
}

func openPart(part *zip.File) (*Sheet, error) {
	r, err := part.Open()
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "bad_zip", "%s cannot be unpacked; download the export again", part.Name)
	}
	s, err := newSheet(path.Base(part.Name), r)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return s, nil
}

// Close closes sheets.
func Close(sheets []*Sheet) error {
	var all []error
	for _, s := range sheets {
		all = append(all, s.in.Close())
	}
	return errors.Join(all...)
}

// Limits: one row, so that a file without line ends is not read into memory
// whole; the rows that are looked at to guess.
const (
	maxRow     = 1 << 20
	maxColumns = 2000
	sampleRows = 200
)

// Sheet is one list, open for reading.
type Sheet struct {
	Source    string // the file it came in: several sheets of one zip have the same
	Name      string
	Tool      Tool
	Delimiter rune
	Columns   []Column

	in    io.Closer
	guard *guard
	text  *decoder
	csv   *csv.Reader
	ahead []row // read to guess, not yet given
	fixed State // what the file's name or shape says of everyone in it
	usual State // of a row that says nothing
	times map[int]*timeForm
	at    map[Meaning][]int
}

type row struct {
	cells []string
	line  int64
	err   error
}

// ErrRow is a row that cannot be read. Reading may go on.
var ErrRow = errors.New("a row that cannot be read")

func newSheet(name string, in io.ReadCloser) (*Sheet, error) {
	s := &Sheet{Name: name, in: in, guard: &guard{r: in, left: maxRow}}
	text, err := newDecoder(s.guard)
	if err != nil {
		return nil, err
	}
	s.text = text
	buf := bufio.NewReaderSize(text, 64<<10)
	s.Delimiter = delimiterOf(buf)
	s.csv = csv.NewReader(buf)
	s.csv.Comma, s.csv.FieldsPerRecord, s.csv.LazyQuotes = s.Delimiter, -1, true
	header := s.read()
	if header.err != nil {
		if errors.Is(header.err, io.EOF) {
			return nil, errs.New(errs.Invalid, "empty_file", "%s is empty", name)
		}
		return nil, errs.Wrap(header.err, errs.Invalid, "no_header", "the first row of %s, which names the columns, cannot be read; is it a CSV file?", name)
	}
	if len(header.cells) > maxColumns {
		return nil, errs.New(errs.Invalid, "too_many_columns", "%s has more than %d columns; is it a list of contacts?", name, maxColumns)
	}
	for range sampleRows {
		r := s.read()
		if errors.Is(r.err, io.EOF) {
			break
		}
		s.ahead = append(s.ahead, r)
	}
	s.guess(header.cells)
	return s, nil
}

// delimiterOf finds the delimiter, and steps over the line "sep=;" with which
// spreadsheets are told it.
func delimiterOf(in *bufio.Reader) rune {
	sample, _ := in.Peek(in.Size())
	if first, _, ok := bytes.Cut(sample, []byte("\n")); ok {
		if sep := bytes.TrimRight(first, "\r"); len(sep) == 5 && bytes.EqualFold(sep[:4], []byte("sep=")) {
			_, _ = in.Discard(len(first) + 1)
			return rune(sep[4])
		}
	}
	return Delimiter(sample)
}

// Delimiter gives comma, semicolon or tab: the one under which the first row
// has most columns and most of the first rows have as many.
func Delimiter(sample []byte) rune {
	if i := bytes.LastIndexByte(sample, '\n'); i >= 0 {
		sample = sample[:i+1]
	}
	best, most := ',', 1
	for _, sep := range []rune{',', ';', '\t'} {
		r := csv.NewReader(bytes.NewReader(sample))
		r.Comma, r.FieldsPerRecord, r.LazyQuotes = sep, -1, true
		if n := commonWidth(r); n > most {
			best, most = sep, n
		}
	}
	return best
}

// commonWidth gives the width of the first row when more than half of the next
// ones have it too, else 0.
func commonWidth(r *csv.Reader) int {
	first, err := r.Read()
	if err != nil {
		return 0
	}
	rows, same := 0, 0
	for rows < 20 {
		next, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		rows++
		if err == nil && len(next) == len(first) {
			same++
		}
	}
	if rows > 0 && 2*same <= rows {
		return 0
	}
	return len(first)
}

// Encoding names how the file is written, as far as it was read.
func (s *Sheet) Encoding() string { return s.text.name() }

// Next gives the next row and its line. It returns io.EOF at the end and ErrRow
// for a row to leave out.
func (s *Sheet) Next() (cells []string, line int64, err error) {
	if len(s.ahead) > 0 {
		r := s.ahead[0]
		s.ahead = s.ahead[1:]
		return r.cells, r.line, r.err
	}
	r := s.read()
	return r.cells, r.line, r.err
}

func (s *Sheet) read() row {
	for {
		s.guard.left = maxRow
		cells, err := s.csv.Read()
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return row{line: int64(broken.StartLine), err: ErrRow}
		}
		if err != nil {
			return row{err: err}
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue // spreadsheets leave lines of delimiters behind
		}
		line, _ := s.csv.FieldPos(0)
		return row{cells: cells, line: int64(line)}
	}
}

// guard stops reading when one row takes too much.
type guard struct {
	r    io.Reader
	left int
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if g.left -= n; g.left < 0 {
		return 0, errs.New(errs.Invalid, "row_too_long", "a row is longer than 1 MB; is it a CSV file?")
	}
	return n, err
}
