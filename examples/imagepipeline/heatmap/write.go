package heatmap

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Write writes the map to base.svg and base.png and gives their paths. A reader
// of either sees the old file or the new one, never half of it.
func Write(base string, m Map) (svg, png string, err error) {
	svg, png = base+".svg", base+".png"
	if err := replace(svg, m, SVG); err != nil {
		return "", "", err
	}
	if err := replace(png, m, PNG); err != nil {
		return "", "", err
	}
	return svg, png, nil
}

func replace(path string, m Map, render func(io.Writer, Map) error) error {
	var b bytes.Buffer
	if err := render(&b, m); err != nil {
		return fmt.Errorf("%w (for %s)", err, path)
	}
	part := path + ".part"
	if err := os.WriteFile(part, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("heatmap: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("heatmap: %w", err)
	}
	return nil
}
