#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <vector>

#include "load/report.h"

namespace mooring {

namespace {

constexpr double kWidth = 900, kPanelHeight = 220, kLeft = 80, kRight = 20, kTop = 36, kBottom = 34;
constexpr const char* kColours[] = {"#1f6f8b", "#d1495b", "#edae49", "#66a182", "#6a4c93"};

struct Point {
  double x;
  double y;
};
struct Line {
  std::string name;
  std::vector<Point> points;
};

// A title is free text of the user.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

// 1, 2 or 5 times a power of ten, at least `wanted`.
double round_step(double wanted) {
  const double power = std::pow(10, std::floor(std::log10(std::max(wanted, 1e-9))));
  for (const double factor : {1.0, 2.0, 5.0})
    if (power * factor >= wanted) return power * factor;
  return power * 10;
}

std::string number_text(double value) {
  if (value >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:g}", value);
}

// One diagram: axes from 0, lines, a legend.
class Panel {
 public:
  Panel(std::string& out, int index, std::string_view title)
      : out_(out), y0_(index * kPanelHeight) {
    text(kLeft, y0_ + 18, "start", 14, title);
  }

  using Label = std::function<std::string(double)>;
  void draw(const std::vector<Line>& lines, double x_max, const Label& x_label) {
    double y_max = 0;
    for (const Line& line : lines)
      for (const Point& point : line.points) y_max = std::max(y_max, point.y);
    const double y_step = round_step(std::max(y_max, 1e-6) / 4);
    const double y_top = std::ceil(std::max(y_max, 1e-6) / y_step) * y_step;
    for (double y = 0; y <= y_top * 1.001; y += y_step) {
      const double at = y_of(y, y_top);
      rule(kLeft, at, kWidth - kRight, at);
      text(kLeft - 6, at + 4, "end", 11, number_text(y));
    }
    const double x_step = round_step(std::max(x_max, 1.0) / 8);
    for (double x = 0; x <= x_max * 1.001; x += x_step)
      text(x_of(x, x_max), y0_ + kPanelHeight - kBottom + 16, "middle", 11, x_label(x));
    double legend_x = kWidth - kRight - 150.0 * static_cast<double>(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i, legend_x += 150) {
      const char* const colour = kColours[i % std::size(kColours)];
      fmt::format_to(std::back_inserter(out_),
                     "<polyline fill='none' stroke='{}' stroke-width='1.6' points='", colour);
      for (const Point& point : lines[i].points)
        fmt::format_to(std::back_inserter(out_), "{:.1f},{:.1f} ", x_of(point.x, x_max),
                       y_of(point.y, y_top));
      fmt::format_to(std::back_inserter(out_),
                     "'/>\n<rect x='{:.0f}' y='{:.0f}' width='10' height='10' fill='{}'/>\n",
                     legend_x, y0_ + 9, colour);
      text(legend_x + 15, y0_ + 18, "start", 12, lines[i].name);
    }
  }

 private:
  [[nodiscard]] static double x_of(double x, double x_max) {
    return kLeft + x / std::max(x_max, 1e-9) * (kWidth - kLeft - kRight);
  }
  [[nodiscard]] double y_of(double y, double y_top) const {
    return y0_ + kPanelHeight - kBottom - y / y_top * (kPanelHeight - kTop - kBottom);
  }
  void rule(double x1, double y1, double x2, double y2) {
    fmt::format_to(std::back_inserter(out_),
                   "<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' stroke='#ddd'/>\n", x1,
                   y1, x2, y2);
  }
  void text(double x, double y, std::string_view anchor, int size, std::string_view words) {
    fmt::format_to(std::back_inserter(out_),
                   "<text x='{:.1f}' y='{:.1f}' text-anchor='{}' font-size='{}'>{}</text>\n", x, y,
                   anchor, size, escaped(words));
  }

  std::string& out_;
  double y0_;
};

std::string seconds_label(double x) {
  return fmt::format("{:g} s", x);
}

// The second under way at the end of the run is not whole.
std::size_t whole_seconds(const Results& results) {
  return results.seconds.size() > 1 ? results.seconds.size() - 1 : results.seconds.size();
}

Line over_time(const Results& results, std::string name,
               const std::function<double(const TimelineSecond&)>& value) {
  Line line{std::move(name), {}};
  for (std::size_t i = 0; i < whole_seconds(results); ++i)
    line.points.push_back({static_cast<double>(i), value(results.seconds[i])});
  return line;
}

// Percentiles on an axis of nines: 0 %, 90 %, 99 %, 99.9 % lie equally far apart.
Line by_percentile(const OperationResult& result) {
  constexpr double kNinesMax = 4;
  constexpr double kStep = 0.05;
  Line line{result.group + ": " + result.name, {}};
  for (double nines = 0; nines <= kNinesMax + kStep / 2; nines += kStep) {
    const double q = 1 - std::pow(10, -nines);
    line.points.push_back({nines, static_cast<double>(result.latency.quantile_us(q)) / 1000});
  }
  return line;
}

}  // namespace

std::string report_svg(const Scenario& scenario, const Results& results) {
  constexpr int kPanels = 4;
  std::string out = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{0:.0f}' height='{1:.0f}' viewBox='0 0 "
      "{0:.0f} "
      "{1:.0f}' font-family='sans-serif'>\n<rect width='100%' height='100%' fill='white'/>\n",
      kWidth, kPanels * kPanelHeight);
  const auto time_max = static_cast<double>(std::max<std::size_t>(whole_seconds(results), 2) - 1);
  const auto milliseconds = [](double q) {
    return [q](const TimelineSecond& second) {
      return static_cast<double>(second.latency.quantile_us(q)) / 1000;
    };
  };
  Panel(out, 0, scenario.title + ": requests per second")
      .draw(
          {over_time(results, "good",
                     [](const TimelineSecond& s) { return static_cast<double>(s.latency.count); }),
           over_time(results, "failed",
                     [](const TimelineSecond& s) { return static_cast<double>(s.failed); })},
          time_max, seconds_label);
  Panel(out, 1, "MiB per second")
      .draw({over_time(results, "content",
                       [](const TimelineSecond& s) {
                         return static_cast<double>(s.bytes) / static_cast<double>(1_MiB);
                       })},
            time_max, seconds_label);
  Panel(out, 2, "latency over time, ms")
      .draw({over_time(results, "p50", milliseconds(0.5)),
             over_time(results, "p99", milliseconds(0.99))},
            time_max, seconds_label);
  std::vector<Line> percentiles;
  for (const OperationResult& result : results.operations)
    percentiles.push_back(by_percentile(result));
  Panel(out, 3, "latency by percentile, ms").draw(percentiles, 4, [](double nines) {
    return nines == std::floor(nines) ? fmt::format("{:g} %", 100 - std::pow(10, 2 - nines)) : "";
  });
  return out + "</svg>\n";
}

}  // namespace mooring
