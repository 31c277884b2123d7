package plate

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// ImageName is what an image's file name says about it. All numbers count from
// 1. Plane and Time are 1 where the name does not have them.
type ImageName struct {
	Well    string // as WellName has it
	Row     int
	Col     int
	Site    int // a field of view in the well
	Channel int
	Plane   int // of a focus stack
	Time    int
}

// Why a name is not an image's.
var (
	// ErrThumbnail is a vendor's small copy of an image, which is beside it.
	ErrThumbnail = errors.New("vendor thumbnail")
	// ErrName is a name of no known scheme, or one that says something impossible.
	ErrName = errors.New("not a known image name")
)

var (
	// ImageXpress: NAME_WELL_sSITE_wCHANNEL and a GUID, as the instrument writes
	// it, or without, as exports do. The GUID may begin with digits that look
	// like the channel's; it is recognised by its whole form. Plates of one site
	// or of one channel lack that part. The first well that the rest fits is
	// taken: in x_A01_s1.tif, S1 is none.
	imageXpress = regexp.MustCompile(`^(?i:.*?_([A-Z]{1,2}\d{2})(_s\d{1,4})?(_w\d{1,2})?(_thumb)?([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})?\.tiff?)$`)
	// Opera Phenix: row, column, field, plane, channel, time, and two counters
	// of exposures that do not concern us.
	operaPhenix = regexp.MustCompile(`^(?i:r(\d{2})c(\d{2})f(\d{2,4})p(\d{2,3})-ch(\d{1,2})sk(\d{1,4})fk\d{1,4}fl\d{1,4}\.tiff?)$`)
)

// ParseName reads the name of an ImageXpress or Opera Phenix image file, without
// its folder.
func ParseName(name string) (ImageName, error) {
	if m := operaPhenix.FindStringSubmatch(name); m != nil {
		return place(name, ImageName{
			Row: number(m[1]), Col: number(m[2]), Site: number(m[3]), Plane: number(m[4]), Channel: number(m[5]), Time: number(m[6]),
		})
	}
	m := imageXpress.FindStringSubmatch(name)
	if m == nil || m[2]+m[3]+m[4]+m[5] == "" { // a word and a well alone are an overview, or anything
		return ImageName{}, fmt.Errorf("plate: %q: %w: expected NAME_B02_s1_w1.tif (ImageXpress) or r02c02f01p01-ch1sk1fk1fl1.tiff (Opera Phenix)", name, ErrName)
	}
	if m[4] != "" {
		return ImageName{}, fmt.Errorf("plate: %q: %w", name, ErrThumbnail)
	}
	row, col, err := ParseWell(m[1])
	if err != nil {
		return ImageName{}, fmt.Errorf("plate: %q: %w: %w", name, ErrName, err)
	}
	return place(name, ImageName{Row: row, Col: col, Site: part(m[2]), Channel: part(m[3]), Plane: 1, Time: 1})
}

// place names the well and rejects what cannot be.
func place(name string, n ImageName) (ImageName, error) {
	well, err := WellName(n.Row, n.Col)
	if err != nil {
		return ImageName{}, fmt.Errorf("plate: %q: %w: %w", name, ErrName, err)
	}
	if n.Site < 1 || n.Channel < 1 {
		return ImageName{}, fmt.Errorf("plate: %q: %w: sites and channels count from 1", name, ErrName)
	}
	n.Well = well
	return n, nil
}

// part is the number after "_s" or "_w", 1 if there is none.
func part(s string) int {
	if s == "" {
		return 1
	}
	return number(s[2:])
}

// number reads digits that the expressions have bounded, so it cannot fail.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
