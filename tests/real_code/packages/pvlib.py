"""Solar power: irradiance, clear skies, modules, inverters, positions of the sun."""

import numpy as np

from tests.real_code.case import case

INVERTER = {
    "Paco": 250.0, "Pdco": 259.6, "Vdco": 40.0, "Pso": 2.09, "C0": -4.1e-05, "C1": -9.1e-05, "C2": 0.000494,
    "C3": -0.013171, "Pnt": 0.075,
}  # fmt: skip
ADR = {
    "Pnom": 1000.0, "Vnom": 300.0, "Pacmax": 900.0, "Vmin": 200.0, "Vmax": 500.0, "Pnt": 0.1, "Vdcmax": 600.0, "MPPTHi": 500.0,
    "MPPTLow": 200.0, "ADRCoefficients": [0.01385, 0.0152, 0.00794, 0.00286, -0.01872, -0.01305, 0.0, 0.0, 0.0],
}  # fmt: skip
SUN = (30.0, 180.0, 100.0, 600.0, 1400.0, 40.0, 170.0)

CASES = (
    case("pvlib.irradiance:aoi", "surface_tilt solar_zenith", 30.0, 180.0, 40.0, 170.0),
    case("pvlib.irradiance:haydavies", "surface_tilt dhi dni solar_zenith", *SUN),
    case("pvlib.irradiance:reindl", "surface_tilt dhi dni ghi", 30.0, 180.0, 100.0, 600.0, 560.0, 1400.0, 40.0, 170.0),
    case("pvlib.irradiance:klucher", "surface_tilt dhi ghi", 30.0, 180.0, 100.0, 560.0, 40.0, 170.0),
    case("pvlib.irradiance:disc", "ghi solar_zenith", 560.0, 40.0, 180),
    case("pvlib.irradiance:erbs", "ghi zenith", 560.0, 40.0, 180),
    case("pvlib.irradiance:king", "surface_tilt dhi ghi solar_zenith", 30.0, 100.0, 560.0, 40.0),
    case("pvlib.atmosphere:get_relative_airmass", "zenith", 40.0),
    case("pvlib.atmosphere:alt2pres", "altitude", 1500.0),
    case("pvlib.atmosphere:gueymard94_pw", "temp_air relative_humidity", 20.0, 45.0),
    case("pvlib.atmosphere:kasten96_lt", "airmass_absolute precipitable_water aod_bb", 1.5, 1.2, 0.1),
    case("pvlib.clearsky:simplified_solis", "apparent_elevation aod700 precipitable_water", 50.0, 0.1, 1.2),
    case("pvlib.clearsky:bird", "zenith aod380 aod500", 40.0, 1.3, 0.15, 0.1, 1.5),
    case("pvlib.iam:physical", "aoi n", 50.0, 1.526),
    case("pvlib.iam:ashrae", "aoi b", 50.0, 0.05),
    case("pvlib.iam:martin_ruiz", "aoi a_r", 50.0, 0.16),
    case("pvlib.inverter:sandia", "v_dc p_dc", 38.0, 150.0, INVERTER),
    case("pvlib.inverter:adr", "v_dc p_dc", 310.0, 500.0, ADR),
    case("pvlib.inverter:pvwatts", "pdc pdc0", 90.0, 120.0),
    case(
        "pvlib.pvsystem:calcparams_desoto", "effective_irradiance temp_cell",
        850.0, 45.0, 0.005, 1.9, 8.5, 1e-9, 300.0, 0.35,
    ),
    case("pvlib.pvsystem:i_from_v", "voltage photocurrent", 30.0, 8.0, 1e-9, 0.3, 300.0, 1.9),
    case("pvlib.pvsystem:pvwatts_dc", "effective_irradiance temp_cell", 850.0, 45.0, 5000.0, -0.003),
    case("pvlib.singlediode:bishop88", "diode_voltage photocurrent", 0.6, 8.0, 1e-9, 0.3, 300.0, 0.026),
    case("pvlib.singlediode:estimate_voc", "photocurrent saturation_current nNsVth", 8.0, 1e-9, 1.9),
    case("pvlib.temperature:faiman", "poa_global temp_air wind_speed", 850.0, 20.0, 2.0),
    case("pvlib.temperature:sapm_cell", "poa_global temp_air wind_speed", 850.0, 20.0, 2.0, -3.56, -0.075, 3.0),
    case("pvlib.temperature:pvsyst_cell", "poa_global temp_air", 850.0, 20.0, 2.0),
    case("pvlib.temperature:noct_sam", "poa_global temp_air wind_speed", 850.0, 20.0, 2.0, 45.0, 0.18),
    case("pvlib.spa:heliocentric_longitude", "jme", 0.0038),
    case("pvlib.spa:mean_sidereal_time", "julian_day julian_century", 2458827.36, 0.1994),
    case("pvlib.solarposition:solar_zenith_analytical", "latitude hourangle declination", 0.7, 0.3, 0.2),
    case("pvlib.bifacial.utils:vf_ground_sky_2d", "gcr pitch", 20.0, 0.4, np.array([0.1, 0.45, 0.8]), 5.0, 1.5, 10),
    case("pvlib.pvarray:huld", "effective_irradiance temp_mod", 850.0, 45.0, 250.0, cell_type="csi"),
)  # fmt: skip
