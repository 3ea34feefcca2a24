package bench

import (
	"fmt"
	"image/color"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// curve is what a plot shows: a benchmark's median over the agents.
type curve struct {
	file, bench, title string
	only               map[string]float64 // sizes that a result must have
}

var curves = []curve{
	{"hand-off.svg", "HandOff", "Hand-off with 40 waiting, median", nil},
	{"first-offer.svg", "FirstOffer", "First offer at 10 calls/s, median", map[string]float64{"calls/s": 10}},
}

var colours = map[string]color.Color{
	powerlineName: color.RGBA{R: 0x1b, G: 0x6c, B: 0xa8, A: 0xff},
	appQueueName:  color.RGBA{R: 0xc0, G: 0x50, B: 0x20, A: 0xff},
}

// Plot draws the curves for which there are results into a directory.
func Plot(results []Result, dir string) error {
	for _, c := range curves {
		if err := c.draw(results, filepath.Join(dir, c.file)); err != nil {
			return fmt.Errorf("plot %s: %w", c.file, err)
		}
	}
	return nil
}

func (c curve) draw(results []Result, path string) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.title, "agents", "ms"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = ticksAt(1, 10, 30, 150, 500, 1000), ticksAt(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 1, 1000, 1, 1000
	p.Legend.Top, p.Legend.Left = false, true
	drawn := false
	for _, system := range []string{powerlineName, appQueueName} {
		points := c.points(results, system)
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, dots.Color = colours[system], colours[system]
		p.Add(line, dots)
		p.Legend.Add(shown[system], line, dots)
		drawn = true
	}
	if !drawn {
		return nil
	}
	return p.Save(14*vg.Centimeter, 8*vg.Centimeter, path)
}

func ticksAt(values ...float64) plot.ConstantTicks {
	var all plot.ConstantTicks
	for _, v := range values {
		all = append(all, plot.Tick{Value: v, Label: fmt.Sprintf("%g", v)})
	}
	return all
}

func (c curve) points(results []Result, system string) (points plotter.XYs) {
	var mine []Result
	for _, r := range results {
		fits := r.Bench == c.bench && r.System == system
		for name, value := range c.only {
			fits = fits && r.Size[name] == value
		}
		if fits {
			mine = append(mine, r)
		}
	}
	for _, group := range bySize([]string{"agents"}, mine) {
		values := column{system: system, figure: "p50-ms"}.values(group)
		slices.Sort(values)
		points = append(points, plotter.XY{X: group[0].Size["agents"], Y: median(values)})
	}
	return points
}
