package invariant_test

import (
	"errors"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/route/invariant"
)

// The texts of each type are judged by the vectors of package route. Here are
// the cases on which a reader would bet otherwise, and those beyond HTTP.

func TestInt(t *testing.T) {
	tests := []struct {
		text string
		bits int
		want int64
		err  error
	}{
		{" +42\t", 32, 42, nil},
		{"-0", 32, 0, nil},
		{"1\x00\x00", 32, 1, nil},
		{"1\x001", 32, 0, invariant.ErrFormat},
		{"-128", 8, -128, nil},
		{"128", 8, 0, invariant.ErrRange},
		{"-9223372036854775808", 64, -9223372036854775808, nil},
		{"9223372036854775808", 64, 0, invariant.ErrRange},
		{"99999999999999999999", 64, 0, invariant.ErrRange},
		{"99999999999999999999x", 64, 0, invariant.ErrFormat},
		{"\u00a01", 64, 0, invariant.ErrFormat},
		{"1_0", 64, 0, invariant.ErrFormat},
	}
	for _, tt := range tests {
		got, err := invariant.Int(tt.text, tt.bits)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("Int(%q, %d) = %d, %v, want %d, %v", tt.text, tt.bits, got, err, tt.want, tt.err)
		}
	}
}

func TestUint(t *testing.T) {
	for text, want := range map[string]error{
		"0": nil, "-0": nil, "255": nil, "256": invariant.ErrRange, "-1": invariant.ErrRange, "x": invariant.ErrFormat,
	} {
		if _, err := invariant.Uint(text, 8); !errors.Is(err, want) {
			t.Errorf("Uint(%q, 8): %v, want %v", text, err, want)
		}
	}
}

func TestParseDecimal(t *testing.T) {
	tests := []struct{ text, want string }{
		{"1.10", "1.10"},
		{"-0.00", "0.00"},
		{"1,,2,.5-", "-12.5"},
		{"79228162514264337593543950335.4", "79228162514264337593543950335"},
		{"7.92281625142643375935439503359", "7.922816251426433759354395034"},
		{"0.00000000000000000000000000005", "0.0000000000000000000000000000"},
		{"0.00000000000000000000000000006", "0.0000000000000000000000000001"},
	}
	for _, tt := range tests {
		got, err := invariant.ParseDecimal(tt.text)
		if err != nil || got.String() != tt.want {
			t.Errorf("ParseDecimal(%q) = %v, %v, want %s", tt.text, got, err, tt.want)
		}
	}
	for _, text := range []string{"", ".", "1e5", "--1", "+1-", "(1)"} {
		if _, err := invariant.ParseDecimal(text); !errors.Is(err, invariant.ErrFormat) {
			t.Errorf("ParseDecimal(%q): %v, want %v", text, err, invariant.ErrFormat)
		}
	}
	for _, text := range []string{"79228162514264337593543950335.5", "79228162514264337593543950336"} {
		if _, err := invariant.ParseDecimal(text); !errors.Is(err, invariant.ErrRange) {
			t.Errorf("ParseDecimal(%q): %v, want %v", text, err, invariant.ErrRange)
		}
	}
}

func TestParseDateTime(t *testing.T) {
	now := time.Date(2024, 2, 10, 12, 0, 0, 0, time.FixedZone("", 3600))
	tests := []struct{ text, want string }{
		{"15 June", "2015-06-01T00:00:00"}, // a year and a month
		{"1.5", "2024-01-05T00:00:00"},
		{"2/29", "2024-02-29T00:00:00"}, // this year has one
		{"1PM", "2024-02-10T13:00:00"},
		{"2009-06-15 PM", "2009-06-15T12:00:00"},
		{"2009-06-15T13:45:30,5", "2009-06-15T13:45:30.5"},
		{"2009-06-15T13:45Z", "2009-06-15T14:45:00 zoned"},
		{"0001-01-01T00:00:00+02:00", "0001-01-01T23:00:00 zoned"},
		{"#2009-06-15#\x00", "2009-06-15T00:00:00"},
		{"Tue 2009-06-15T13:45", "2009-06-15T13:45:00"}, // it was a Monday
		{"Tue 2009-06-15", ""},
		{"2009", ""},
		{"13:45 +14:01", ""},
		{"9999-12-31T23:59:59.99999999", ""},
		{"2009-06-15 #", ""},
	}
	for _, tt := range tests {
		got, zoned, err := invariant.ParseDateTime(tt.text, now)
		text := ""
		if err == nil {
			text = got.Format("2006-01-02T15:04:05.999999999")
		}
		if zoned {
			text += " zoned"
		}
		if text != tt.want {
			t.Errorf("ParseDateTime(%q) = %q, %v, want %q", tt.text, text, err, tt.want)
		}
	}
}

// TestNumbersBesideTheRecorded has texts at the edges of Number.Parsing.cs: which of
// the readers takes them.
func TestNumbersBesideTheRecorded(t *testing.T) {
	const (
		i = 1 << iota // Int of 32 bits
		l             // of 64
		d             // ParseDecimal
		f             // Float
	)
	tests := []struct {
		text string
		by   int
	}{
		{"2147483647", i | l | d | f},
		{"2147483648", l | d | f},
		{"-2147483648", i | l | d | f},
		{"-2147483649", l | d | f},
		{"9223372036854775807", l | d | f},
		{"9223372036854775808", d | f},
		{"-9223372036854775808", l | d | f},
		{"-9223372036854775809", d | f},
		{"18446744073709551616", d | f},
		{"000000000000000000000000000000000000000007", i | l | d | f},
		{"79228162514264337593543950335", d | f},
		{"79228162514264337593543950336", f},
		{"-79228162514264337593543950335.4", d | f},
		{"0.00000000000000000000000000000000000001", d | f},
		{"\t\n\v\f\r +1 \r", i | l | d | f},
		{"1\x00\x00", i | l | d | f},
		{"1 \x00", i | l | d | f},
		{"1\x00 ", 0},
		{"\x001", 0},
		{"\u00a01", 0},
		{"1\u2003", 0},
		{"\u00851", 0},
		{"", 0},
		{" ", 0},
		{"+", 0},
		{"- 1", 0},
		{"+-1", 0},
		{"1-", d},
		{"1 +\t", d},
		{"+1+", 0},
		{"1--", 0},
		{"\u22121", 0}, // the minus of typesetters
		{"\uff0d1", 0},
		{"(1)", 0},
		{"$1", 0},
		{"¤1", 0},
		{"1%", 0},
		{"١", 0}, // digits of other scripts
		{"１", 0},
		{"१", 0},
		{"²", 0},
		{"𝟏", 0},
		{"1_000", 0},
		{"1 000", 0},
		{"1'000", 0},
		{"1,000", d | f},
		{"1,,0,", d | f},
		{",1", 0},
		{"-,1", 0},
		{"1,.5", d | f},
		{"1.,5", 0},
		{"1.5,", 0},
		{".", 0},
		{"-.", 0},
		{"-.5", d | f},
		{"5.", d | f},
		{"1.2.3", 0},
		{"1٫5", 0},
		{"0x1F", 0},
		{"1F", 0},
		{"0b1", 0},
		{"1e5", f},
		{"1E+05", f},
		{"1.e-5", f},
		{"1,0e1", f},
		{"e5", 0},
		{".e5", 0},
		{"1e", 0},
		{"1e+", 0},
		{"1 e5", 0},
		{"1e 5", 0},
		{"1e5.0", 0},
		{"1e5e5", 0},
		{"1e99999999999999999999", f},
		{"-1e-99999999999999999999", f},
		{"1e5-", 0},
		{"0x1p-2", 0},
		{"nAn", f},
		{"+NaN", f},
		{"-nan", f},
		{"\u3000NaN\u00a0", f},
		{"NaN\x00", 0},
		{"- NaN", 0},
		{"--NaN", 0},
		{"infinity", f},
		{"+INFINITY", f},
		{"-Infinity", f},
		{"+-Infinity", 0},
		{"Inf", 0},
		{"∞", 0},
		{"-∞", 0},
		{"ınfinity", 0},
		{"1.#INF", 0},
	}
	for _, tt := range tests {
		got := 0
		if _, err := invariant.Int(tt.text, 32); err == nil {
			got |= i
		}
		if _, err := invariant.Int(tt.text, 64); err == nil {
			got |= l
		}
		if _, err := invariant.ParseDecimal(tt.text); err == nil {
			got |= d
		}
		if _, err := invariant.Float(tt.text, 64); err == nil {
			got |= f
		}
		if got != tt.by {
			t.Errorf("%q: read by %04b, want %04b (float, decimal, long, int)", tt.text, got, tt.by)
		}
	}
}

// FuzzParse holds that no text makes a reader panic, and that what a number or
// a GUID prints is read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "-1,234.50", "1e400", "+NaN", "{0x1,0x2,0x3,{4,5}}", "#6/15/2009 1:45 PM +02:00#", "2009年6月15日 13時",
		"2009-06-15T13:45:30.1234567Z", "d85b1407-351d-4694-9392-03acc5870eb1", "\u200f15 Jun,\x00",
	} {
		f.Add(s)
	}
	now := time.Date(2024, 2, 10, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = invariant.Bool(s)
		_, _ = invariant.Char(s)
		if d, err := invariant.ParseDecimal(s); err == nil {
			if again, err := invariant.ParseDecimal(d.String()); err != nil || again.String() != d.String() {
				t.Errorf("ParseDecimal(%q) prints %q, which reads as %v, %v", s, d, again, err)
			}
		}
		if _, err := invariant.ParseGUID(s); (err == nil) != invariant.IsGUID(s) {
			t.Errorf("ParseGUID(%q): %v, IsGUID %v", s, err, invariant.IsGUID(s))
		}
		if g, err := invariant.ParseGUID(s); err == nil {
			if again, err := invariant.ParseGUID(g.String()); err != nil || again != g {
				t.Errorf("ParseGUID(%q) prints %q, which reads as %v, %v", s, g, again, err)
			}
		}
		if _, err := invariant.Float(s, 64); (err == nil) != invariant.IsFloat(s) {
			t.Errorf("Float(%q): %v, IsFloat %v", s, err, invariant.IsFloat(s))
		}
		if tm, _, err := invariant.ParseDateTime(s, now); err == nil && (tm.Year() < 1 || tm.Year() > 9999) {
			t.Errorf("ParseDateTime(%q) = %v", s, tm)
		}
	})
}
