package route

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/route/invariant"
)

func isTime(v any) bool {
	_, ok := v.(time.Time)
	return ok
}

// invariantText writes a value as .NET's invariant culture does. It returns
// false for a value of a type that has no text.
func invariantText(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool:
		if v {
			return "True", true
		}
		return "False", true
	case float64:
		return floatText(v, 64), true
	case float32:
		return floatText(float64(v), 32), true
	case time.Time:
		return v.Format("01/02/2006 15:04:05"), true
	case invariant.Decimal:
		return v.String(), true
	case fmt.Stringer:
		return v.String(), true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(r.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(r.Uint(), 10), true
	case reflect.String:
		return r.String(), true
	}
	return "", false
}

// floatText writes the fewest digits that read back the same, with an exponent
// from 1E+15 on and below 0.0001 (Number.Formatting.cs).
func floatText(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	limit := 1e15
	if bits == 32 {
		limit = 1e7
	}
	if a := math.Abs(f); a == 0 || a >= 1e-4 && a < limit {
		return strconv.FormatFloat(f, 'f', -1, bits)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, bits), "E")
	return mantissa + "E" + exponent
}
