package plate

import (
	"strings"
	"testing"
)

func TestWells(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		row, col int
	}{{"A01", 1, 1}, {"B02", 2, 2}, {"O23", 15, 23}, {"P24", 16, 24}, {"Z10", 26, 10}, {"AA01", 27, 1}, {"AF48", 32, 48}} {
		if got, err := WellName(tt.row, tt.col); got != tt.name || err != nil {
			t.Errorf("WellName(%d, %d) = %q, %v; want %q", tt.row, tt.col, got, err, tt.name)
		}
		for _, spelling := range []string{tt.name, strings.ToLower(tt.name), strings.Replace(tt.name, "0", "", 1)} {
			if tt.col == 10 && spelling == "Z1" {
				continue
			}
			if row, col, err := ParseWell(spelling); row != tt.row || col != tt.col || err != nil {
				t.Errorf("ParseWell(%q) = %d, %d, %v; want %d, %d", spelling, row, col, err, tt.row, tt.col)
			}
		}
	}
}

func TestEveryWellRoundTrips(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for row := 1; row <= Format1536.Rows; row++ {
		for col := 1; col <= Format1536.Cols; col++ {
			name, err := WellName(row, col)
			if err != nil {
				t.Fatal(err)
			}
			r, c, err := ParseWell(name)
			if r != row || c != col || err != nil || seen[name] {
				t.Errorf("%d, %d is %q is %d, %d, %v", row, col, name, r, c, err)
			}
			seen[name] = true
		}
	}
}

func TestNoSuchWell(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "A", "1", "A0", "A00", "A49", "A001", "A1A", "AG01", "BA01", "AAA01", "ZZZZZZZZZZZZZZ1", "A99999999999999999999", "Ä01", "A-1", " A01", "[01", "@01"} {
		_, _, err := ParseWell(name)
		if err == nil || !strings.HasPrefix(err.Error(), "plate: no well is named") {
			t.Errorf("ParseWell(%q): %v", name, err)
		}
	}
	for _, at := range [][2]int{{0, 1}, {1, 0}, {-1, 1}, {33, 1}, {1, 49}} {
		name, err := WellName(at[0], at[1])
		if err == nil || name != "" {
			t.Errorf("WellName%v = %q, %v", at, name, err)
		}
	}
	if got := RowName(0) + RowName(33); got != "" {
		t.Errorf("rows outside the plate are named %q", got)
	}
}

func TestFormatOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		wells []string
		want  Format
	}{
		{nil, Format384},
		{[]string{"A01", "H12"}, Format384},
		{[]string{"P24"}, Format384},
		{[]string{"A25", "B02"}, Format1536},
		{[]string{"Q01"}, Format1536},
		{[]string{"AF48"}, Format1536},
	} {
		if got, err := FormatOf(tt.wells...); got != tt.want || err != nil {
			t.Errorf("FormatOf(%v) = %v, %v; want %v", tt.wells, got, err, tt.want)
		}
	}
	if _, err := FormatOf("A01", "X99"); err == nil {
		t.Error("X99 is in no format")
	}
	if got, want := Format384.String(), "384 wells (16 x 24)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
