/** What each file of this folder plants. */
#pragma once

void plant_overread(void);
void plant_hang(void);
void plant_leak(void);
void plant_fdleak(void);
void plant_state(void);
void plant_wrong_length(void);
void plant_mixup(void);
void plant_crash_a(void);
void plant_crash_b(void);
