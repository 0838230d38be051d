package route_test

import (
	"encoding/json"
	"testing"
	"unicode"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/route"
)

// TestFoldTables holds the tables against the recorded classes, every rune of
// them: runes of one class are mapped to the same, and all others differ.
func TestFoldTables(t *testing.T) {
	files, err := vec.Load("testdata/fold.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Items []struct {
			Table string
			Class []string
		}
	}
	if err := json.Unmarshal(files[0].Data, &recorded); err != nil {
		t.Fatal(err)
	}
	tables := []struct {
		name  string
		fold  func(rune) rune
		limit rune
	}{
		{"ordinal", route.FoldRune, unicode.MaxRune},
		{"regex", route.LowerRune, 0xFFFF},
	}
	for _, tt := range tables {
		class := map[rune]int{}
		for i, item := range recorded.Items {
			if item.Table == tt.name {
				for _, s := range item.Class {
					class[[]rune(s)[0]] = i + 1
				}
			}
		}
		folded := map[rune]int{} // what a class is mapped to
		for r := rune(0); r <= tt.limit; r++ {
			f := tt.fold(r)
			want, seen := folded[f]
			switch id := class[r]; {
			case id == 0 && f != r:
				t.Errorf("%s: %U becomes %U, want it to stay", tt.name, r, f)
			case id != 0 && seen && want != id:
				t.Errorf("%s: %U is taken for a char of another class", tt.name, r)
			case id != 0 && class[f] != id:
				t.Errorf("%s: %U becomes %U of another class", tt.name, r, f)
			default:
				if id != 0 {
					folded[f] = id
				}
			}
		}
		classes := map[int]bool{}
		for _, id := range class {
			classes[id] = true
		}
		if len(folded) != len(classes) {
			t.Errorf("%s: %d classes, want %d", tt.name, len(folded), len(classes))
		}
	}
}
