/* dates PORT TABLE ZONE: parses each line of a file with ne_dates.h in a time zone. Lines with a number
 * are also formatted as a time. */
#include "twin.h"

#include <ne_dates.h>
#include <time.h>

int main(int argc, char **argv) {
  begin_twin();
  FILE *table = fopen(argument(argc, argv, 2, ""), "r");
  if (table == NULL) return 71;
  setenv("TZ", argument(argc, argv, 3, "UTC0"), 1);
  tzset();

  char line[1024];
  while (fgets(line, sizeof line, table) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    print_text("line", line);
    print_number("rfc1123", ne_rfc1123_parse(line));
    print_number("rfc1036", ne_rfc1036_parse(line));
    print_number("asctime", ne_asctime_parse(line));
    print_number("httpdate", ne_httpdate_parse(line));
    print_number("iso8601", ne_iso8601_parse(line));
    char *end;
    long long seconds = strtoll(line, &end, 10);
    if (end == line || *end != '\0') continue;
    char *text = ne_rfc1123_date((time_t)seconds);
    print_text("date", text);
    if (text != NULL) print_number("again", ne_httpdate_parse(text));
    free(text);
  }
  fclose(table);
  return 0;
}
