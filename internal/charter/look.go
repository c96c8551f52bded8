package charter

import (
	"cmp"
	"fmt"
	"math"
)

// Look is how the brand's mails look. What is left out has a plain default.
type Look struct {
	Logo     string // the brand's name as mails write it; "" for the name itself
	Colour   string // of buttons, links and the line above, such as #5b3a12
	Ground   string // behind the sheet
	Headings string // Serif or Sans
	Words    string // the type of the text: Serif or Sans
	Footer   Texts  // a line of the brand's own above the address; may be nil
}

// The types.
const (
	Serif = "serif"
	Sans  = "sans"
)

// The colours that every look keeps, so that the way out stays readable (MSG-07).
const (
	ExitInk   = "#2b2823" // the way out, on the ground
	FootInk   = "#57524a" // what else stands on the ground
	sheet     = "#ffffff"
	darkSheet = "#24211d" // in the dark, whatever the ground is by day
)

// What mails look like where house.yaml does not say.
const (
	plainColour = "#2f4f46"
	plainGround = "#f2f2ef"
)

// Filled gives the look with its defaults.
func (l Look) Filled() Look {
	l.Colour, l.Ground = cmp.Or(l.Colour, plainColour), cmp.Or(l.Ground, plainGround)
	l.Headings, l.Words = cmp.Or(l.Headings, Sans), cmp.Or(l.Words, Sans)
	return l
}

// DarkColour is the colour as it is shown in the dark: brighter, and then paler,
// until it can be read.
func (l Look) DarkColour() string {
	r, g, b := parts(l.Filled().Colour)
	full := 255 / max(r, g, b, 1)
	for step := range 41 {
		bright := 1 + (full-1)*min(float64(step)/20, 1)
		mixed := mix(r*bright, g*bright, b*bright, max(float64(step)/20-1, 0))
		if Contrast(mixed, darkSheet) >= 5 {
			return mixed
		}
	}
	return sheet
}

func mix(r, g, b, share float64) string {
	to := func(c float64) int { return int(math.Round(c + (255-c)*share)) }
	return fmt.Sprintf("#%02x%02x%02x", to(r), to(g), to(b))
}

func parts(hex string) (r, g, b float64) {
	var n [3]int
	_, _ = fmt.Sscanf(hex, "#%02x%02x%02x", &n[0], &n[1], &n[2])
	return float64(n[0]), float64(n[1]), float64(n[2])
}

// Contrast is the ratio of two colours' luminances (WCAG 2.2, 1.4.3): 1 to 21.
func Contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	r, g, b := parts(hex)
	linear := func(c float64) float64 {
		if c /= 255; c > 0.04045 {
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return c / 12.92
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func (c *Charter) readLook(v view) {
	c.House.Look = Look{v.get("logo").text(), v.get("colour").text(), v.get("ground").text(), v.get("headings").text(), v.get("words").text(), v.get("footer").texts()}
}

// look checks that mails can be read, and their way out above all.
func (k *checker) look(v view) {
	l := k.c.House.Look.Filled()
	if r := Contrast(l.Colour, sheet); r < 4.5 {
		v.get("colour").problem("MSG-07", fmt.Sprintf("links and buttons would be hard to read: the contrast against white is %.1f; take a darker colour, of 4.5 or more", r))
	}
	if r := Contrast(FootInk, l.Ground); r < 4.5 {
		v.get("ground").problem("MSG-07", fmt.Sprintf("the way out stands on it and would be hard to read: the contrast is %.1f; take a lighter ground, of 4.5 or more", r))
	}
}
