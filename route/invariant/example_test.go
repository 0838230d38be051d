package invariant_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/httptrigger/httptrigger/route/invariant"
)

// A form that is refused, and a value that is beyond the type.
func ExampleInt() {
	for _, text := range []string{" +42 ", "4.2", "2147483648"} {
		n, err := invariant.Int(text, 32)
		fmt.Println(n, err, errors.Is(err, invariant.ErrRange))
	}
	// Output:
	// 42 <nil> false
	// 0 wrong format false
	// 0 value out of range true
}

// Dates have no fixed form, and what is left out comes from now: a month and a day
// are of this year, and "15 June" is a month of a year.
func ExampleParseDateTime() {
	now := time.Date(2026, 11, 24, 8, 30, 0, 0, time.UTC)
	for _, text := range []string{"2009-06-15T13:45:30Z", "6/15/2009 1:45 PM", "6/15", "1:45 PM", "15 June", "2009", "2/29"} {
		t, zoned, err := invariant.ParseDateTime(text, now)
		if err != nil {
			fmt.Println(text, "-", err)
			continue
		}
		fmt.Println(text, "-", t.Format(time.DateTime), zoned)
	}
	// Output:
	// 2009-06-15T13:45:30Z - 2009-06-15 13:45:30 true
	// 6/15/2009 1:45 PM - 2009-06-15 13:45:00 false
	// 6/15 - 2026-06-15 00:00:00 false
	// 1:45 PM - 2026-11-24 13:45:00 false
	// 15 June - 2015-06-01 00:00:00 false
	// 2009 - wrong format
	// 2/29 - wrong format
}
